use super::shape::demands;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::Method;
use crate::pair::{Pair, World};

rule! {
    /// A method is called and served with as many messages as before.
    ///
    /// ```proto old
    /// message M {}
    /// service S { rpc R(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// message M {}
    /// service S { rpc R(M) returns (stream M); }
    /// ```
    /// ```proto allowed
    /// message M {}
    /// service S { rpc Q(stream M) returns (M); rpc R(M) returns (M); }
    /// ```
    "SOURCE_SAME_STREAMING", Method,
    aperio [SourceGo, SourcePy],
    covers ["RPC_SAME_CLIENT_STREAMING", "RPC_SAME_SERVER_STREAMING"],
    judge
}

fn judge(pair: &Pair<Method>, world: &World, found: &mut Found) {
    let streams = |method: &Method| (method.client_streaming, method.server_streaming);
    let (old, new) = (streams(pair.old), streams(pair.new));
    if old == new {
        return;
    }
    let message = format!(
        "{} was {} and is {}",
        world.new.full_name(pair.new.id),
        word(old),
        word(new)
    );
    let spot = Spot::of(world.new, pair.new.id);
    let against = world.old.file_of(pair.old.id.into());
    let hit = found.at(pair.new.id, spot, Some(against), message);
    demands(hit, Demand::Major, Demand::Major);
}

fn word(streams: (bool, bool)) -> &'static str {
    match streams {
        (false, false) => "unary",
        (true, false) => "client streaming",
        (false, true) => "server streaming",
        (true, true) => "streaming both ways",
    }
}
