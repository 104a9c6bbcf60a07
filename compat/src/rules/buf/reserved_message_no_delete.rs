use super::ranges;
use crate::declare::rule;
use crate::found::Found;
use crate::model::{Message, NumberRange};
use crate::pair::{Pair, World};
use crate::rules::wire::releases;

rule! {
    /// What a message reserves stays reserved.
    ///
    /// Splitting and joining ranges is fine.
    ///
    /// ```proto old
    /// message M { reserved 2 to 5, 9; reserved "b"; }
    /// ```
    /// ```proto breaks
    /// message M { reserved 2 to 4, 9; reserved "b"; }
    /// ```
    /// ```proto breaks
    /// message M { reserved 2 to 5, 9; }
    /// ```
    /// ```proto allowed
    /// message M { reserved 2, 3 to 6, 9; reserved "c", "b"; }
    /// ```
    "RESERVED_MESSAGE_NO_DELETE", Message,
    buf [File, Package, WireJson, Wire, Csr],
    aperio [Wire],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old, pair.new);
    let max = ranges::message_max(new);
    let element = ranges::Element::message(world, pair);
    // What came back as it once was has not lost its place.
    let returned = releases::returned(pair, world);
    let numbers = returned.iter().map(|field| NumberRange::of(field.number));
    let numbers: Vec<_> = new.reserved.iter().copied().chain(numbers).collect();
    let names = returned.iter().map(|field| field.name);
    let names: Vec<_> = new.reserved_names.iter().copied().chain(names).collect();
    ranges::kept(&element, "reserved", (&old.reserved, &numbers), max, found);
    ranges::names_kept(&element, (&old.reserved_names, &names), found);
}
