use super::describe::method;
use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::Method;
use crate::pair::{Pair, World};

rule! {
    /// A method keeps the type of its requests.
    ///
    /// Another name counts as another type.
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
    /// ```proto allowed
    /// message M { int32 a = 1; }
    /// message N {}
    /// service S { rpc R(stream M) returns (M); }
    /// ```
    "RPC_SAME_REQUEST_TYPE", Method,
    buf [File, Package, WireJson, Wire, Csr],
    judge
}

fn judge(pair: &Pair<Method>, world: &World, found: &mut Found) {
    let old = world.old.message_name(pair.old.input);
    let new = world.new.message_name(pair.new.input);
    if old != new {
        let message = format!(
            "{} changed its request type from {old} to {new}",
            method(world.new, pair.new)
        );
        let spot = Spot::part(world.new, pair.new.id, &[2]);
        let against = world.old.file_of(pair.old.id.into());
        found.at(pair.new.id, spot, Some(against), message);
    }
}
