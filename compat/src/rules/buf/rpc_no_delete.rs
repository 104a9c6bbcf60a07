use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::Service;
use crate::pair::{Pair, World};

rule! {
    /// A method stays in its service.
    ///
    /// A caller gets UNIMPLEMENTED for a method that is gone.
    ///
    /// ```proto old
    /// message M {}
    /// service S { rpc Stay(M) returns (M); rpc Go(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// message M {}
    /// service S { rpc Stay(M) returns (M); }
    /// ```
    /// ```proto allowed
    /// message M {}
    /// service S { rpc Go(M) returns (M); rpc More(M) returns (M); rpc Stay(M) returns (M); }
    /// ```
    "RPC_NO_DELETE", Service,
    buf [File, Package],
    judge
}

fn judge(pair: &Pair<Service>, world: &World, found: &mut Found) {
    for method in world.old.methods_of(pair.old) {
        if world.method_twin(method.id).is_none() {
            let message = format!(
                "method {} was deleted from service {}",
                method.name, pair.new.name
            );
            let spot = Spot::of(world.new, pair.new.id);
            found.gone(method.id, Some(spot), pair.old.file, message);
        }
    }
}
