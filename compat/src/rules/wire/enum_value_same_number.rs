use super::probes;
use super::releases;
use super::values::{describe, hidden};
use crate::declare::rule;
use crate::found::{Era, Found, Spot};
use crate::model::{Enum, EnumValue};
use crate::pair::{Pair, World};
use std::collections::{HashMap, HashSet};

rule! {
    /// An enum value keeps its number, and no other gets it.
    ///
    /// Bytes hold the number alone: the two sides read it under two names. A number that a release
    /// of this major reserved or freed stays taken; a mere new name for it does not count here.
    ///
    /// ```proto old
    /// enum E { E_ZERO = 0; E_ONE = 1; reserved 5; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// enum E { E_ZERO = 0; E_ONE = 2; reserved 5; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// enum E { E_ZERO = 0; E_ONE = 1; E_FIVE = 5; }
    /// ```
    /// ```proto allowed
    /// enum E { E_ZERO = 0; E_UNO = 1; reserved 5; }
    /// ```
    "ENUM_VALUE_SAME_NUMBER", Enum,
    aperio [Wire],
    covers [
        "ENUM_VALUE_NO_DELETE",
        "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED",
        "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED",
        "ENUM_VALUE_SAME_NAME",
        "RESERVED_ENUM_NO_DELETE",
    ],
    instead_of [
        "ENUM_VALUE_ADDED",
        "ENUM_VALUE_ADDED_TO_OPEN",
        "ENUM_VALUE_NO_DELETE_UNLESS_RETIRED",
        "RESERVED_ENUM_NO_DELETE",
    ],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    let old = world.old.values_of(pair.old);
    let names: HashMap<&str, i32> = old.iter().map(|old| (old.name, old.number)).collect();
    let numbers: HashSet<i32> = old.iter().map(|old| old.number).collect();
    let mut releases = None;
    for value in world.new.values_of(pair.new) {
        let message = match names.get(value.name) {
            Some(before) if *before == value.number => continue,
            Some(before) => {
                let name = describe(world.new, value);
                format!("{name} had number {before}")
            }
            None if numbers.contains(&value.number) => continue,
            None => {
                let releases = releases.get_or_insert_with(|| {
                    let mut releases = releases::values(world, world.old.enum_name(pair.old.id));
                    releases.retain(|(minor, _)| releases::is_until_base(world, *minor));
                    releases
                });
                let Some(taken) = taken(pair, value, releases) else {
                    continue;
                };
                format!("{} uses a number that {taken}", describe(world.new, value))
            }
        };
        let types = (pair.old.id, pair.new.id);
        let before = names.get(value.name);
        let probe = before.and_then(|old| probes::number(world, Era::Old, types, *old));
        let spot = Spot::part(world.new, value.id, &[2]);
        found
            .at(value.id, spot, Some(pair.old.file), message)
            .effects(
                hidden(world, Era::Old, pair.old),
                hidden(world, Era::New, pair.new),
            )
            .shown_by(probe);
    }
}

/// Why the number of a new value is not free.
fn taken(
    pair: &Pair<Enum>,
    value: &EnumValue<'_>,
    releases: &[((u64, u64), &[EnumValue<'_>])],
) -> Option<String> {
    let earlier = releases.iter().flat_map(|(_, values)| values.iter());
    let mut once = earlier.filter(|once| once.number == value.number);
    if let Some(first) = once.next() {
        // It may come back as it was.
        let returns = first.name == value.name || once.any(|once| once.name == value.name);
        return (!returns).then(|| format!("was {} in an earlier release", first.name));
    }
    let reserved = pair
        .old
        .reserved
        .iter()
        .any(|range| range.holds(value.number));
    reserved.then(|| "was reserved".to_owned())
}
