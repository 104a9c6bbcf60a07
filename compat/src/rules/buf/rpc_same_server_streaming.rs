use super::describe::method;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Found, Spot};
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
    if pair.old.server_streaming != pair.new.server_streaming {
        let (old, new) = if pair.new.server_streaming {
            ("unary", "streaming")
        } else {
            ("streaming", "unary")
        };
        let message = format!(
            "{} changed from server {old} to server {new}",
            method(world.new, pair.new)
        );
        let spot = Spot::of(world.new, pair.new.id);
        let against = world.old.file_of(pair.old.id.into());
        found
            .at(pair.new.id, spot, Some(against), message)
            .effects(Effect::Rejected, Effect::Rejected);
    }
}
