use super::ranges;
use crate::declare::rule;
use crate::found::Found;
use crate::model::{Enum, NumberRange};
use crate::pair::{Pair, World};
use crate::rules::wire::releases;

rule! {
    /// What an enum reserves stays reserved.
    ///
    /// Splitting and joining ranges is fine.
    ///
    /// ```proto old
    /// enum E { E_ZERO = 0; reserved -3 to -1, 7; reserved "E_B"; }
    /// ```
    /// ```proto breaks
    /// enum E { E_ZERO = 0; reserved -3 to -1; reserved "E_B"; }
    /// ```
    /// ```proto breaks
    /// enum E { E_ZERO = 0; reserved -3 to -1, 7; }
    /// ```
    /// ```proto allowed
    /// enum E { E_ZERO = 0; reserved -3, -2, -1, 7 to max; reserved "E_B", "E_C"; }
    /// ```
    "RESERVED_ENUM_NO_DELETE", Enum,
    buf [File, Package, WireJson, Wire, Csr],
    aperio [Wire],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old, pair.new);
    let element = ranges::Element::enumeration(world, pair);
    // What came back as it once was has not lost its place.
    let returned = releases::returned_values(pair, world);
    let numbers = returned.iter().map(|value| NumberRange::of(value.number));
    let numbers: Vec<_> = new.reserved.iter().copied().chain(numbers).collect();
    let names = returned.iter().map(|value| value.name);
    let names: Vec<_> = new.reserved_names.iter().copied().chain(names).collect();
    ranges::kept(
        &element,
        "reserved",
        (&old.reserved, &numbers),
        i32::MAX,
        found,
    );
    ranges::names_kept(&element, (&old.reserved_names, &names), found);
}
