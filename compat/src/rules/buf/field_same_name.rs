use super::describe::nameless;
use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::Field;
use crate::pair::{Pair, World};

rule! {
    /// A field keeps its name.
    ///
    /// An extension keeps its full name.
    ///
    /// ```proto old
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks
    /// message M { int32 b = 1; }
    /// ```
    /// ```proto allowed
    /// message M { int32 b = 2; int32 a = 1; }
    /// ```
    "FIELD_SAME_NAME", Field,
    buf [File, Package, WireJson, Csr],
    aperio [Json],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let (old, new) = if pair.old.extendee.is_some() {
        (
            world.old.full_name(pair.old.id),
            world.new.full_name(pair.new.id),
        )
    } else if pair.old.name == pair.new.name {
        return;
    } else {
        (pair.old.name.to_owned(), pair.new.name.to_owned())
    };
    if old != new {
        let message = format!(
            "{} changed its name from {old} to {new}",
            nameless(world.new, pair.new)
        );
        let spot = Spot::part(world.new, pair.new.id, &[1]);
        found.at(pair.new.id, spot, Some(pair.old.file), message);
    }
}
