use super::deletion;
use crate::declare::rule;
use crate::found::Found;
use crate::model::File;
use crate::pair::{Pair, World};

rule! {
    /// A message stays in its file.
    ///
    /// A moved one is gone from its file too.
    ///
    /// ```proto old
    /// message M {}
    /// message Gone { message Inner {} }
    /// ```
    /// ```proto breaks
    /// message M {}
    /// ```
    /// ```proto breaks
    /// message M {}
    /// message Gone {}
    /// ```
    /// ```proto allowed
    /// message M { message More {} }
    /// message Gone { message Inner {} }
    /// ```
    "MESSAGE_NO_DELETE", File,
    buf [File, Csr],
    judge
}

fn judge(pair: &Pair<File>, world: &World, found: &mut Found) {
    for gone in deletion::messages(world, pair.old) {
        if !deletion::stays_in_file(world, gone, pair.new.id) {
            let name = world.old.nested_name(gone);
            let message = format!("message {name} was deleted from its file");
            let spot = deletion::survivor_in_file(world, gone, pair.new.id);
            found.gone(gone, Some(spot), pair.old.id, message);
        }
    }
}
