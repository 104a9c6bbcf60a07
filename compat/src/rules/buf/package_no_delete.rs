use crate::declare::rule;
use crate::found::{Era, Found};
use crate::pair::World;

rule! {
    /// A package stays.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto old q/v1/b.proto
    /// syntax = "proto3";
    /// package q.v1;
    /// ```
    /// ```proto breaks
    /// message M {}
    /// ```
    /// ```proto allowed
    /// message M {}
    /// ```
    /// ```proto allowed q/v1/c.proto
    /// syntax = "proto3";
    /// package q.v1;
    /// ```
    "PACKAGE_NO_DELETE", Set,
    buf [Package],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for (package, file) in world.packages(Era::Old) {
        if world.package(Era::New, package).is_none() {
            let message = format!("package {package} was deleted");
            found.gone(file, None, file, message);
        }
    }
}
