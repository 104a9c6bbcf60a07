use super::streaming;
use crate::declare::rule;
use crate::found::Found;
use crate::model::Method;
use crate::pair::{Pair, World};

rule! {
    /// A method keeps whether its server sends a stream.
    ///
    /// ```proto old
    /// message M {}
    /// service S { rpc R(M) returns (M); }
    /// ```
    /// ```proto breaks old_to_new=Rejected new_to_old=Rejected
    /// message M {}
    /// service S { rpc R(M) returns (stream M); }
    /// ```
    /// ```proto allowed
    /// message M {}
    /// service S { rpc Q(M) returns (stream M); rpc R(M) returns (M); }
    /// ```
    "RPC_SAME_SERVER_STREAMING", Method,
    buf [File, Package, WireJson, Wire, Csr],
    aperio [Wire],
    judge
}

fn judge(pair: &Pair<Method>, world: &World, found: &mut Found) {
    streaming::kept(pair, world, found, "server", |method| {
        method.server_streaming
    });
}
