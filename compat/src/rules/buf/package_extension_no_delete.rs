use super::deletion;
use crate::declare::rule;
use crate::found::{Era, Found};
use crate::pair::World;

rule! {
    /// An extension stays in its package.
    ///
    /// Moving one to another file of the package is fine. Where the whole package is
    /// gone, or has no such thing left, nothing is said here.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { extensions 100 to 200; }
    /// extend M { optional int32 moved = 100; optional int32 stays = 101; }
    /// ```
    /// ```proto breaks
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { extensions 100 to 200; }
    /// extend M { optional int32 stays = 101; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { extensions 100 to 200; }
    /// extend M { optional int32 stays = 101; }
    /// ```
    /// ```proto allowed p/v1/b.proto
    /// syntax = "proto2";
    /// package p.v1;
    /// import "p/v1/a.proto";
    /// extend M { optional int32 moved = 100; }
    /// ```
    "PACKAGE_EXTENSION_NO_DELETE", Set,
    buf [Package], v1 [],
    judge
}

fn judge(world: &World, found: &mut Found) {
    let packages =
        deletion::packages_with(world, |file| world.new.extensions_of(file).next().is_some());
    for file in world.files(Era::Old) {
        if !packages.contains(file.package) {
            continue;
        }
        for gone in deletion::extensions(world, file) {
            if !deletion::stays_in_package(world, gone, file.package) {
                let name = world.old.nested_name(gone);
                let package = file.package;
                let message = format!("extension {name} was deleted from package {package}");
                let spot = deletion::survivor_if_file(world, gone, file);
                found.gone(gone, spot, file.id, message);
            }
        }
    }
}
