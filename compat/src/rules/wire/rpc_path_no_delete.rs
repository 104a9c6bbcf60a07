use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Era, Found, Spot};
use crate::pair::World;
use crate::rule::Channel;

rule! {
    /// A method stays where it is called.
    ///
    /// A call names package, service and method; an old caller of a path that nobody serves any
    /// more is told UNIMPLEMENTED. It does not matter which of the three was renamed or removed,
    /// nor which file they stand in.
    ///
    /// ```proto old
    /// message N {}
    /// service S { rpc A(N) returns (N); rpc B(N) returns (N); }
    /// ```
    /// ```proto breaks old_to_new=Rejected new_to_old=Same
    /// message N {}
    /// service S { rpc A(N) returns (N); }
    /// ```
    /// ```proto breaks old_to_new=Rejected new_to_old=Same
    /// message N {}
    /// service T { rpc A(N) returns (N); rpc B(N) returns (N); }
    /// ```
    /// ```proto allowed
    /// message N {}
    /// ```
    /// ```proto allowed p/v1/b.proto
    /// import "p/v1/a.proto";
    /// service S { rpc A(N) returns (N); rpc B(N) returns (N); }
    /// ```
    "RPC_PATH_NO_DELETE", Set,
    aperio [Wire],
    covers [
        "FILE_NO_DELETE",
        "FILE_SAME_PACKAGE",
        "PACKAGE_NO_DELETE",
        "PACKAGE_SERVICE_NO_DELETE",
        "RPC_NO_DELETE",
        "SERVICE_NO_DELETE",
    ],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for file in world.files(Era::Old) {
        for service in world.old.services_of(file) {
            let name = world.old.service_name(service.id);
            let gone = world.old.methods_of(service).iter();
            let gone: Vec<_> = gone
                .filter(|method| world.method_twin(method.id).is_none())
                .collect();
            let Some(first) = gone.first() else {
                continue;
            };
            let gone: Vec<String> = gone
                .iter()
                .map(|method| format!("/{name}/{}", method.name))
                .collect();
            let message = format!("nobody serves {} any more", shown(&gone));
            let hit = if let Some(twin) = world.service_twin(service.id) {
                let spot = Spot::of(world.new, twin);
                found.at(twin, spot, Some(file.id), message)
            } else {
                let spot = world.file_twin(file.id).map(Spot::file);
                found.gone(service.id, spot, file.id, message)
            };
            hit.effects(Effect::Same, Effect::Rejected)
                .shown_by_call(Era::Old, first.id)
                .demands(Channel::Wire, Demand::Major);
        }
    }
}

/// Some paths; of very many the first.
fn shown(paths: &[String]) -> String {
    const SHOWN: usize = 32;
    let first = paths[..paths.len().min(SHOWN)].join(", ");
    match paths.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
