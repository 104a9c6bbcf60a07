use super::demand::other_terms;
use super::marks::{changed, spot};
use crate::annotation::METHOD_GATED_BY;
use crate::declare::rule;
use crate::found::Found;
use crate::model::Method;
use crate::pair::{Pair, World};

rule! {
    /// A method keeps its gate.
    ///
    /// Under another gate, or without one, it is called where nobody claimed to serve it, or never where somebody does.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M {}
    /// service S { rpc R(M) returns (M) { option (aperio.annotations.v1.gated_by) = "WIDE"; } }
    /// enum Capability { NONE = 0; WIDE = 1; DEEP = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M {}
    /// service S { rpc R(M) returns (M); }
    /// enum Capability { NONE = 0; WIDE = 1; DEEP = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M {}
    /// service S { rpc R(M) returns (M) { option (aperio.annotations.v1.gated_by) = "DEEP"; } }
    /// enum Capability { NONE = 0; WIDE = 1; DEEP = 2; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M {}
    /// service S { rpc R(M) returns (M) { option deprecated = true; option (aperio.annotations.v1.gated_by) = "WIDE"; } }
    /// enum Capability { NONE = 0; WIDE = 1; DEEP = 2; }
    /// ```
    "RPC_SAME_GATE", Method,
    aperio [Wire, Json, SourceGo, SourcePy, Source],
    judge
}

fn judge(pair: &Pair<Method>, world: &World, found: &mut Found) {
    let Some((old, new)) = changed(world, pair.old.id.into(), pair.new.id.into()) else {
        return;
    };
    if old.gate != new.gate {
        let message = format!(
            "{} was gated by {} and is by {}",
            world.new.full_name(pair.new.id),
            old.gate.unwrap_or("nothing"),
            new.gate.unwrap_or("nothing")
        );
        let spot = spot(world.new, pair.new.id.into(), METHOD_GATED_BY);
        let against = world.old.file_of(pair.old.id.into());
        other_terms(found.at(pair.new.id, spot, Some(against), message));
    }
}
