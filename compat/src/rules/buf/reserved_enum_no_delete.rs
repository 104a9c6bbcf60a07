use super::ranges;
use crate::declare::rule;
use crate::found::Found;
use crate::model::Enum;
use crate::pair::{Pair, World};

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
    ranges::kept(
        &element,
        "reserved",
        (&old.reserved, &new.reserved),
        i32::MAX,
        found,
    );
    ranges::names_kept(&element, (&old.reserved_names, &new.reserved_names), found);
}
