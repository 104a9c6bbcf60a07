use super::shape::demands;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::Method;
use crate::pair::{Pair, World};

rule! {
    /// A method takes and gives messages of the same types.
    ///
    /// Bytes may not tell two types of one shape apart; code does, on both ends of a call.
    ///
    /// ```proto old
    /// message M {}
    /// message N {}
    /// service S { rpc R(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// message M {}
    /// message N {}
    /// service S { rpc R(N) returns (M); }
    /// ```
    /// ```proto breaks
    /// message M {}
    /// message N {}
    /// service S { rpc R(M) returns (N); }
    /// ```
    /// ```proto allowed
    /// message M { N n = 1; }
    /// message N {}
    /// service S { rpc R(M) returns (M); rpc Q(N) returns (N); }
    /// ```
    "SOURCE_SAME_RPC_TYPE", Method,
    aperio [SourceGo, SourcePy],
    covers ["RPC_SAME_REQUEST_TYPE", "RPC_SAME_RESPONSE_TYPE"],
    judge
}

fn judge(pair: &Pair<Method>, world: &World, found: &mut Found) {
    for (word, part, old, new) in [
        ("takes", 2, pair.old.input, pair.new.input),
        ("gives", 3, pair.old.output, pair.new.output),
    ] {
        let (old, new) = (world.old.message_name(old), world.new.message_name(new));
        if old == new {
            continue;
        }
        let message = format!(
            "{} {word} {new} instead of {old}",
            world.new.full_name(pair.new.id)
        );
        let spot = Spot::part(world.new, pair.new.id, &[part]);
        let against = world.old.file_of(pair.old.id.into());
        let hit = found.at(pair.new.id, spot, Some(against), message);
        demands(hit, Demand::Major, Demand::Major);
    }
}
