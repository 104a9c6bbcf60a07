use super::deletion;
use crate::declare::rule;
use crate::found::Found;
use crate::model::File;
use crate::pair::{Pair, World};

rule! {
    /// An enum stays in its file.
    ///
    /// A moved one is gone from its file too.
    ///
    /// ```proto old
    /// message M { enum Inner { I_ZERO = 0; } }
    /// enum Gone { G_ZERO = 0; }
    /// ```
    /// ```proto breaks
    /// message M { enum Inner { I_ZERO = 0; } }
    /// ```
    /// ```proto breaks
    /// message M {}
    /// enum Gone { G_ZERO = 0; }
    /// ```
    /// ```proto allowed
    /// enum Gone { G_ZERO = 0; }
    /// message M { enum Inner { I_ZERO = 0; } }
    /// ```
    "ENUM_NO_DELETE", File,
    buf [File, Csr],
    judge
}

fn judge(pair: &Pair<File>, world: &World, found: &mut Found) {
    for gone in deletion::enums(world, pair.old) {
        if !deletion::stays_in_file(world, gone, pair.new.id) {
            let name = world.old.nested_name(gone);
            let message = format!("enum {name} was deleted from its file");
            let spot = deletion::survivor_in_file(world, gone, pair.new.id);
            found.gone(gone, Some(spot), pair.old.id, message);
        }
    }
}
