use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::File;
use crate::pair::{Pair, World};

rule! {
    /// A file keeps its package.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// syntax = "proto3";
    /// package p.v2;
    /// message M {}
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 1; }
    /// ```
    "FILE_SAME_PACKAGE", File,
    buf [File, Package, WireJson, Wire, Csr], v1beta1 [File],
    judge
}

fn judge(pair: &Pair<File>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old.package, pair.new.package);
    if old != new {
        let message = format!("file changed its package from {old:?} to {new:?}");
        let spot = Spot::part_only(world.new, pair.new.id, &[2]);
        found.at(pair.new.id, spot, Some(pair.old.id), message);
    }
}
