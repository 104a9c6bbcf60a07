use super::values::{by_number, describe};
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Found, Spot};
use crate::model::Enum;
use crate::pair::{Pair, World};
use crate::rule::Channel;

rule! {
    /// A second name was added for an enum value.
    ///
    /// Bytes do not change; printers of JSON use the first name of a number, and older readers know
    /// no other than the old ones.
    ///
    /// ```proto old
    /// enum E { option allow_alias = true; E_ZERO = 0; E_NONE = 0; E_ONE = 1; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Same
    /// enum E { option allow_alias = true; E_ZERO = 0; E_NONE = 0; E_ONE = 1; E_UNO = 1; }
    /// ```
    /// ```proto allowed
    /// enum E { option allow_alias = true; E_ZERO = 0; E_NONE = 0; E_UNO = 1; }
    /// ```
    "ENUM_ALIAS_ADDED", Enum,
    aperio [All],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    let old = by_number(world.old, pair.old);
    for (number, values) in by_number(world.new, pair.new) {
        let Some(before) = old.get(&number) else {
            continue;
        };
        let lacks = |name: &str, of: &[&crate::model::EnumValue<'_>]| {
            !of.iter().any(|value| value.name == name)
        };
        let gone = before.iter().filter(|old| lacks(old.name, &values)).count();
        let fresh = values.iter().filter(|new| lacks(new.name, before));
        // As many new names as are gone only renamed it.
        for value in fresh.skip(gone) {
            let message = format!("{} was added as an alias", describe(world.new, value));
            let hit = found
                .at(value.id, Spot::of(world.new, value.id), None, message)
                .effects(Effect::Same, Effect::Same)
                .demands(Channel::All, Demand::Minor);
            let is_printed = values.first().is_some_and(|first| first.id == value.id);
            if is_printed {
                hit.demands(Channel::Json, Demand::Major);
            }
        }
    }
}
