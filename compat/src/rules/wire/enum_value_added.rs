use super::guard::dated;
use super::probes;
use super::values::{by_number, describe};
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::features::EnumType;
use crate::found::{Era, Found, Spot};
use crate::model::{Enum, EnumValue};
use crate::pair::{Pair, World};
use crate::rule::Channel;

rule! {
    /// A value was added to an open enum.
    ///
    /// A reader that does not know it keeps the number, without a name.
    ///
    /// ```proto old
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=UnknownVariant
    /// enum E { E_ZERO = 0; E_ONE = 1; }
    /// ```
    /// ```proto allowed
    /// enum E { option allow_alias = true; E_ZERO = 0; E_NONE = 0; }
    /// ```
    "ENUM_VALUE_ADDED", Enum,
    aperio [All],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    if pair.old.features.enum_type == EnumType::Open {
        for value in added(pair, world) {
            let effect = if dated(world, value.id) {
                Effect::Ignored
            } else {
                Effect::UnknownVariant
            };
            let message = format!("{} was added", describe(world.new, value));
            found
                .at(value.id, Spot::of(world.new, value.id), None, message)
                .effects(effect, Effect::Same)
                .demands(Channel::All, Demand::Minor)
                .shown_by(probes::number(
                    world,
                    Era::New,
                    (pair.old.id, pair.new.id),
                    value.number,
                ));
        }
    }
}

/// The first value of each number that the old enum does not have.
pub(super) fn added<'w>(pair: &Pair<Enum>, world: &World<'w>) -> Vec<&'w EnumValue<'w>> {
    let old = by_number(world.old, pair.old);
    let new = by_number(world.new, pair.new).into_iter();
    new.filter(|(number, _)| !old.contains_key(number))
        .map(|(_, values)| values[0])
        .collect()
}
