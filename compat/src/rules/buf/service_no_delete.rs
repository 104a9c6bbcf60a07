use super::deletion;
use crate::declare::rule;
use crate::found::Found;
use crate::model::File;
use crate::pair::{Pair, World};

rule! {
    /// A service stays in its file.
    ///
    /// A moved one is gone from its file too.
    ///
    /// ```proto old
    /// message M {}
    /// service Gone {}
    /// ```
    /// ```proto breaks
    /// message M {}
    /// ```
    /// ```proto allowed
    /// message M {}
    /// service More {}
    /// service Gone {}
    /// ```
    "SERVICE_NO_DELETE", File,
    buf [File],
    judge
}

fn judge(pair: &Pair<File>, world: &World, found: &mut Found) {
    for gone in deletion::services(world, pair.old) {
        if !deletion::stays_in_file(world, gone, pair.new.id) {
            let name = world.old.nested_name(gone);
            let message = format!("service {name} was deleted from its file");
            let spot = deletion::file_spot(world, gone, pair.new.id);
            found.gone(gone, Some(spot), pair.old.id, message);
        }
    }
}
