use super::describe::method;
use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::Method;
use crate::pair::{Pair, World};

rule! {
    /// A method keeps its idempotency level.
    ///
    /// ```proto old
    /// message M {}
    /// service S { rpc R(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// message M {}
    /// service S { rpc R(M) returns (M) { option idempotency_level = IDEMPOTENT; } }
    /// ```
    /// ```proto allowed
    /// message M {}
    /// service S { rpc R(M) returns (M) { option deprecated = true; } }
    /// ```
    "RPC_SAME_IDEMPOTENCY_LEVEL", Method,
    buf [File, Package, WireJson, Wire, Csr],
    judge
}

fn judge(pair: &Pair<Method>, world: &World, found: &mut Found) {
    let [old, new] = [pair.old, pair.new].map(|method| method.options.varint(34).unwrap_or(0));
    if old != new {
        let message = format!(
            "{} changed its idempotency_level from {} to {}",
            method(world.new, pair.new),
            word(old),
            word(new)
        );
        let spot = Spot::part_only(world.new, pair.new.id, &[4, 34]);
        let against = world.old.file_of(pair.old.id.into());
        found.at(pair.new.id, spot, Some(against), message);
    }
}

fn word(level: u64) -> String {
    match level {
        0 => "IDEMPOTENCY_UNKNOWN".to_owned(),
        1 => "NO_SIDE_EFFECTS".to_owned(),
        2 => "IDEMPOTENT".to_owned(),
        other => other.to_string(),
    }
}
