use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Era, Found, Spot};
use crate::pair::World;
use crate::rule::Channel;

rule! {
    /// A service was added.
    ///
    /// ```proto old
    /// message N {}
    /// service S { rpc A(N) returns (N); }
    /// ```
    /// ```proto breaks
    /// message N {}
    /// service S { rpc A(N) returns (N); }
    /// service T { rpc A(N) returns (N); }
    /// ```
    /// ```proto allowed
    /// message N {}
    /// service S { rpc A(N) returns (N); rpc B(N) returns (N); }
    /// ```
    "SERVICE_ADDED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for file in world.files(Era::New) {
        for service in world.new.services_of(file) {
            if world.service_origin(service.id).is_none() {
                let name = world.new.service_name(service.id);
                let message = format!("service {name} was added");
                found
                    .at(service.id, Spot::of(world.new, service.id), None, message)
                    .effects(Effect::Rejected, Effect::Same)
                    .demands(Channel::All, Demand::Minor);
            }
        }
    }
}
