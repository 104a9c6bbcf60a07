use super::types::method_type;
use crate::declare::rule;
use crate::found::Found;
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
    method_type(pair, world, found, ("request", 2), |method| method.input);
}
