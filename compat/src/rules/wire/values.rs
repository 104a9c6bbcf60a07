//! The values of two enums, whatever their names, by number.

use crate::model::{DescriptorSet, Enum, EnumValue};
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
