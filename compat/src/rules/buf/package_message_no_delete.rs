use super::deletion;
use crate::declare::rule;
use crate::found::{Era, Found};
use crate::pair::World;

rule! {
    /// A message stays in its package.
    ///
    /// Moving one to another file of the package is fine. Where the whole package is
    /// gone, or has no such thing left, nothing is said here.
    ///
    /// ```proto old
    /// message M {}
    /// message Moved {}
    /// ```
    /// ```proto breaks
    /// message M {}
    /// ```
    /// ```proto allowed
    /// message M {}
    /// ```
    /// ```proto allowed p/v1/b.proto
    /// message Moved {}
    /// ```
    "PACKAGE_MESSAGE_NO_DELETE", Set,
    buf [Package],
    judge
}

fn judge(world: &World, found: &mut Found) {
    let packages = deletion::packages_with(world, |file| !file.all_messages.is_empty());
    for file in world.files(Era::Old) {
        if !packages.contains(file.package) {
            continue;
        }
        for gone in deletion::messages(world, file) {
            if !deletion::stays_in_package(world, gone, file.package) {
                let name = world.old.nested_name(gone);
                let package = file.package;
                let message = format!("message {name} was deleted from package {package}");
                let spot = deletion::survivor_in_package(world, gone, file);
                found.gone(gone, spot, file.id, message);
            }
        }
    }
}
