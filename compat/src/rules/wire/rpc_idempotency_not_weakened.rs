use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::Method;
use crate::pair::{Pair, World};
use crate::rule::Channel;
use crate::rules::buf::describe::method;

rule! {
    /// A method that may be repeated may always be.
    ///
    /// Old callers retry what was idempotent or without side effects. A method that becomes so
    /// makes retries safer, and asks for a minor.
    ///
    /// ```proto old
    /// message N {}
    /// service S { rpc A(N) returns (N) { option idempotency_level = IDEMPOTENT; } }
    /// ```
    /// ```proto breaks
    /// message N {}
    /// service S { rpc A(N) returns (N); }
    /// ```
    /// ```proto breaks
    /// message N {}
    /// service S { rpc A(N) returns (N) { option idempotency_level = NO_SIDE_EFFECTS; } }
    /// ```
    /// ```proto allowed
    /// message N {}
    /// service S { rpc A(N) returns (stream N) { option idempotency_level = IDEMPOTENT; } }
    /// ```
    "RPC_IDEMPOTENCY_NOT_WEAKENED", Method,
    aperio [Wire],
    covers ["RPC_SAME_IDEMPOTENCY_LEVEL"],
    judge
}

fn judge(pair: &Pair<Method>, world: &World, found: &mut Found) {
    let [old, new] = [pair.old, pair.new].map(|method| {
        match method.options.varint(34) {
            // Without side effects is more than idempotent.
            Some(1) => 2,
            Some(2) => 1,
            _ => 0,
        }
    });
    if old == new {
        return;
    }
    let (how, demand) = if new < old {
        ("promises less about being repeated", Demand::Major)
    } else {
        ("promises more about being repeated", Demand::Minor)
    };
    let message = format!("{} {how}", method(world.new, pair.new));
    let spot = Spot::part(world.new, pair.new.id, &[4, 34]);
    let against = world.old.file_of(pair.old.id.into());
    found
        .at(pair.new.id, spot, Some(against), message)
        .demands(Channel::Wire, demand);
}
