use super::probes;
use super::releases;
use super::values::{by_number, describe, hidden};
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::features::EnumType;
use crate::found::{Era, Found, Spot};
use crate::model::{Enum, EnumValue};
use crate::pair::{Pair, World};
use crate::rule::Channel;

rule! {
    /// An enum value is not deleted before it is retired.
    ///
    /// The number stands in old messages: a new reader has no name for it, or hides it. A value is
    /// retired as a field is: shown as deprecated by enough released minors, number and names
    /// reserved.
    ///
    /// ```proto old
    /// enum E { E_ZERO = 0; E_ONE = 1; }
    /// ```
    /// ```proto breaks old_to_new=UnknownVariant new_to_old=Same
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks old_to_new=UnknownVariant new_to_old=Same
    /// enum E { E_ZERO = 0; reserved 1; reserved "E_ONE"; }
    /// ```
    /// ```proto allowed
    /// enum E { E_ZERO = 0; E_UNO = 1; }
    /// ```
    "ENUM_VALUE_NO_DELETE_UNLESS_RETIRED", Enum,
    aperio [Wire, Json],
    covers [
        "ENUM_VALUE_NO_DELETE",
        "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED",
        "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED",
    ],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    let new = by_number(world.new, pair.new);
    let seen = if pair.new.features.enum_type == EnumType::Open {
        Effect::UnknownVariant
    } else {
        hidden(world, Era::New, pair.new)
    };
    for (number, values) in by_number(world.old, pair.old) {
        if new.contains_key(&number) {
            continue;
        }
        let (demand, how) = if retired(pair, world, &values) {
            (Demand::Minor, "was retired and deleted")
        } else {
            (Demand::Major, "was deleted")
        };
        let message = format!("{} {how}", describe(world.old, values[0]));
        let spot = Spot::of(world.new, pair.new.id);
        found
            .gone(values[0].id, Some(spot), pair.old.file, message)
            .effects(Effect::Same, seen)
            .demands(Channel::Wire, demand)
            .demands(Channel::Json, demand)
            .shown_by(probes::number(
                world,
                Era::Old,
                (pair.old.id, pair.new.id),
                number,
            ));
    }
}

fn retired(pair: &Pair<Enum>, world: &World, values: &[&EnumValue<'_>]) -> bool {
    if world.occasion.deletion_after.is_none() {
        return false;
    }
    let number = values[0].number;
    let reserved = pair.new.reserved.iter().any(|range| range.holds(number))
        && values
            .iter()
            .all(|value| pair.new.reserved_names.contains(&value.name));
    let minors = releases::values(world, world.old.enum_name(pair.old.id));
    let minors = minors.into_iter().filter_map(|(minor, of)| {
        let mut of = of.iter().filter(|value| value.number == number).peekable();
        of.peek()?;
        of.all(|value| value.options.bool(1) == Some(true))
            .then_some(minor)
    });
    reserved && releases::warned(world, minors)
}
