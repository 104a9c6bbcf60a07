use super::deletion;
use crate::declare::rule;
use crate::found::{Era, Found};
use crate::pair::World;

rule! {
    /// A service stays in its package.
    ///
    /// Moving one to another file of the package is fine. Where the whole package is
    /// gone, that alone is said.
    ///
    /// ```proto old
    /// message M {}
    /// service Moved {}
    /// ```
    /// ```proto breaks
    /// message M {}
    /// ```
    /// ```proto allowed
    /// message M {}
    /// ```
    /// ```proto allowed p/v1/b.proto
    /// service Moved {}
    /// ```
    "PACKAGE_SERVICE_NO_DELETE", Set,
    buf [Package],
    judge
}

fn judge(world: &World, found: &mut Found) {
    let packages = deletion::packages_with(world, |_| true);
    for file in world.files(Era::Old) {
        if !packages.contains(file.package) {
            continue;
        }
        for gone in deletion::services(world, file) {
            if !deletion::stays_in_package(world, gone, file.package) {
                let name = world.old.nested_name(gone);
                let package = file.package;
                let message = format!("service {name} was deleted from package {package}");
                let spot = deletion::file_if_there(world, gone, file);
                found.gone(gone, spot, file.id, message);
            }
        }
    }
}
