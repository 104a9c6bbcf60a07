use super::deletion;
use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::{Enum, EnumValue};
use crate::pair::{Pair, World};

rule! {
    /// A number of an enum keeps its names.
    ///
    /// A further name is fine.
    ///
    /// ```proto old
    /// enum E { E_ZERO = 0; E_ONE = 1; }
    /// ```
    /// ```proto breaks
    /// enum E { E_ZERO = 0; E_UNO = 1; }
    /// ```
    /// ```proto allowed
    /// enum E { option allow_alias = true; E_ZERO = 0; E_UNO = 1; E_ONE = 1; }
    /// ```
    "ENUM_VALUE_SAME_NAME", Enum,
    buf [File, Package, WireJson, Csr],
    aperio [Json],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    let old = deletion::by_number(world.old.values_of(pair.old));
    let new = deletion::by_number(world.new.values_of(pair.new));
    for (number, old) in old {
        let Some(new) = new.get(&number) else {
            continue;
        };
        // They stand in the order of their names.
        let kept = |old: &&EnumValue| new.binary_search_by_key(&old.name, |new| new.name).is_ok();
        if old.iter().all(kept) {
            continue;
        }
        let (before, after) = (deletion::names(&old), deletion::names(new));
        for value in new {
            let message = format!(
                "value {number} of enum {} changed its name from {before} to {after}",
                pair.new.name
            );
            let spot = Spot::part(world.new, value.id, &[2]);
            found.at(value.id, spot, Some(pair.old.file), message);
        }
    }
}
