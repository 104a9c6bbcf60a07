use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::File;
use crate::pair::{Pair, World};

rule! {
    /// A file keeps its syntax.
    ///
    /// One edition is like another.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M {}
    /// ```
    /// ```proto breaks
    /// syntax = "proto3";
    /// package p.v1;
    /// message M {}
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message N {}
    /// message M {}
    /// ```
    "FILE_SAME_SYNTAX", File,
    buf [File, Package, Csr],
    judge
}

fn judge(pair: &Pair<File>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old.syntax.word(), pair.new.syntax.word());
    if old != new {
        let message = format!("file changed its syntax from {old} to {new}");
        let spot = Spot::part_only(world.new, pair.new.id, &[12]);
        found.at(pair.new.id, spot, Some(pair.old.id), message);
    }
}
