//! The values of two enums, whatever their names, by number.

use crate::effect::Effect;
use crate::features::EnumType;
use crate::found::Era;
use crate::model::{DescriptorSet, Enum, EnumValue};
use crate::pair::World;
use std::collections::BTreeMap;

/// The values of each number, in the order of the text.
pub(super) fn by_number<'s, 'a>(
    set: &'s DescriptorSet<'a>,
    of: &Enum<'_>,
) -> BTreeMap<i32, Vec<&'s EnumValue<'a>>> {
    let mut numbers: BTreeMap<i32, Vec<&EnumValue>> = BTreeMap::new();
    for value in set.values_of(of) {
        numbers.entry(value.number).or_default().push(value);
    }
    numbers
}

/// `value 1 (E_ONE) of enum E`.
pub(super) fn describe(set: &DescriptorSet<'_>, value: &EnumValue<'_>) -> String {
    let parent = set[value.parent].name;
    format!("value {} ({}) of enum {parent}", value.number, value.name)
}

/// What a reader of a closed enum sees of a number that it has no name for: the
/// field as unset, and no message where the field is required.
pub(in crate::rules) fn hidden(world: &World, reader: Era, of: &Enum<'_>) -> Effect {
    if of.features.enum_type == EnumType::Closed && world.requires(reader, of.id) {
        Effect::Rejected
    } else {
        Effect::Lossy
    }
}
