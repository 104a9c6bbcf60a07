use super::added_methods::all;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::Found;
use crate::pair::World;
use crate::rule::Channel;

rule! {
    /// A method was added.
    ///
    /// Whoever does not serve it yet answers UNIMPLEMENTED; a caller that waits for the capability
    /// the method names does not ask.
    ///
    /// ```proto old
    /// message N {}
    /// service S { rpc A(N) returns (N); }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Rejected
    /// message N {}
    /// service S { rpc A(N) returns (N); rpc B(N) returns (N); }
    /// ```
    /// ```proto allowed
    /// message N { int32 a = 1; }
    /// service S { rpc A(N) returns (N); }
    /// ```
    "RPC_ADDED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for added in all(world) {
        // A service that is new as a whole is one addition.
        if added.with_service || added.denied {
            continue;
        }
        let how = if added.guarded { "" } else { " without a gate" };
        added
            .report(world, found, how)
            .demands(Channel::All, Demand::Minor);
    }
}
