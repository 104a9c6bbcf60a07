use super::demand::withdrawn;
use super::marks::{changed, spot};
use crate::annotation::REPEATABLE;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::Found;
use crate::model::Method;
use crate::pair::{Pair, World};
use crate::rule::Channel;

rule! {
    /// A call that may be repeated stays one.
    ///
    /// Callers who were promised so go on repeating it. The mark may be added: nobody repeats more than before until it is read.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M {}
    /// service S { rpc R(M) returns (M) { option (aperio.annotations.v1.repeatable) = true; } rpc Q(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M {}
    /// service S { rpc R(M) returns (M); rpc Q(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M {}
    /// service S { rpc R(M) returns (M) { option (aperio.annotations.v1.repeatable) = true; } rpc Q(M) returns (M) { option (aperio.annotations.v1.repeatable) = true; } }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M {}
    /// service S { rpc R(M) returns (M) { option (aperio.annotations.v1.repeatable) = true; } rpc Q(M) returns (M) { option deprecated = true; } }
    /// ```
    "RPC_REPEATABLE_NO_REMOVE", Method,
    aperio [Wire, Json, SourceGo, SourcePy, Source],
    judge
}

fn judge(pair: &Pair<Method>, world: &World, found: &mut Found) {
    let Some((old, new)) = changed(world, pair.old.id.into(), pair.new.id.into()) else {
        return;
    };
    if old.repeatable == new.repeatable {
        return;
    }
    let name = world.new.full_name(pair.new.id);
    let message = if new.repeatable {
        format!("{name} may be repeated now")
    } else {
        format!("{name} may no longer be repeated")
    };
    let spot = spot(world.new, pair.new.id.into(), REPEATABLE);
    let against = world.old.file_of(pair.old.id.into());
    let hit = found.at(pair.new.id, spot, Some(against), message);
    if new.repeatable {
        hit.demands(Channel::All, Demand::Minor);
    } else {
        withdrawn(hit);
    }
}
