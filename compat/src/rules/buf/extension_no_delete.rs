use super::deletion;
use crate::declare::rule;
use crate::found::Found;
use crate::model::File;
use crate::pair::{Pair, World};

rule! {
    /// An extension stays in its file.
    ///
    /// A moved one is gone from its file too.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { extensions 100 to 200; }
    /// extend M { optional int32 gone = 100; }
    /// ```
    /// ```proto breaks
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { extensions 100 to 200; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { extensions 100 to 200; }
    /// extend M { optional int32 more = 101; optional int32 gone = 100; }
    /// ```
    "EXTENSION_NO_DELETE", File,
    buf [File], v1 [],
    judge
}

fn judge(pair: &Pair<File>, world: &World, found: &mut Found) {
    for gone in deletion::extensions(world, pair.old) {
        if !deletion::stays_in_file(world, gone, pair.new.id) {
            let name = world.old.nested_name(gone);
            let message = format!("extension {name} was deleted from its file");
            let spot = deletion::survivor_in_file(world, gone, pair.new.id);
            found.gone(gone, Some(spot), pair.old.id, message);
        }
    }
}
