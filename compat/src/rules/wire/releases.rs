//! What the releases before said of fields and values.

use crate::model::{DescriptorSet, EnumValue, Field};
use crate::pair::World;

/// The released sets up to the base, each with its minor; the base is the last
/// of them, whether or not it has a version.
pub(super) fn all<'w>(world: &World<'w>) -> Vec<((u64, u64), &'w DescriptorSet<'w>)> {
    let occasion = &world.occasion;
    let base = occasion.base.as_ref();
    let mut all: Vec<_> = occasion
        .released
        .iter()
        .filter(|(version, _)| Some(version) != base)
        .map(|(version, set)| ((version.major, version.minor), *set))
        .collect();
    let minor = base.map_or((u64::MAX, 0), |base| (base.major, base.minor));
    all.push((minor, world.old));
    all
}

/// The fields of a message of this name in every release that had it.
pub(super) fn fields<'w>(
    world: &World<'w>,
    message: &str,
) -> Vec<((u64, u64), &'w DescriptorSet<'w>, &'w [Field<'w>])> {
    let of = |(minor, set): ((u64, u64), &'w DescriptorSet<'w>)| {
        let message = set.find_message(message)?;
        Some((minor, set, set.fields_of(&set[message])))
    };
    all(world).into_iter().filter_map(of).collect()
}

/// The values of an enum of this name in every release that had it.
pub(super) fn values<'w>(world: &World<'w>, name: &str) -> Vec<((u64, u64), &'w [EnumValue<'w>])> {
    let of = |(minor, set): ((u64, u64), &'w DescriptorSet<'w>)| {
        let found = set.find_enum(name)?;
        Some((minor, set.values_of(&set[found])))
    };
    all(world).into_iter().filter_map(of).collect()
}

/// Whether enough minors have warned of a deletion.
pub(super) fn warned(world: &World, minors: impl Iterator<Item = (u64, u64)>) -> bool {
    let Some(wanted) = world.occasion.deletion_after else {
        return false;
    };
    let mut minors: Vec<_> = minors.collect();
    minors.sort_unstable();
    minors.dedup();
    minors.len() >= wanted as usize
}
