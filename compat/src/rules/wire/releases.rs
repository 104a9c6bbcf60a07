//! What the releases before said of fields and values.

use super::members::Members;
use crate::model::{DescriptorSet, Enum, EnumValue, Field, Message};
use crate::pair::{Pair, World};

/// The released sets, each with its minor; the base is the last of them,
/// whether or not it has a version.
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

/// Fields that a message has again, as an earlier release had them.
pub(crate) fn returned<'w>(pair: &Pair<Message>, world: &World<'w>) -> Vec<&'w Field<'w>> {
    if world.occasion.released.is_empty() {
        return Vec::new();
    }
    let releases = fields(world, world.old.message_name(pair.old.id));
    let mut added = Members::of(pair, world).added;
    added.retain(|field| {
        releases.iter().any(|(_, set, fields)| {
            let mut fields = fields.iter();
            fields.any(|once| alike((*set, once), (world.new, *field)))
        })
    });
    added
}

/// Values that an enum has again, as an earlier release had them.
pub(crate) fn returned_values<'w>(pair: &Pair<Enum>, world: &World<'w>) -> Vec<&'w EnumValue<'w>> {
    if world.occasion.released.is_empty() {
        return Vec::new();
    }
    let releases = values(world, world.old.enum_name(pair.old.id));
    let same = |value: &&EnumValue<'_>| {
        let mut all = releases.iter().flat_map(|(_, values)| values.iter());
        all.any(|once| (once.number, once.name) == (value.number, value.name))
    };
    world.new.values_of(pair.new).iter().filter(same).collect()
}

/// Whether a release is no later than the base. What a later one brought is not
/// taken from the base: the later one is a base itself.
pub(super) fn is_until_base(world: &World, minor: (u64, u64)) -> bool {
    let base = world.occasion.base.as_ref();
    base.is_none_or(|base| minor <= (base.major, base.minor))
}

/// Whether two fields are one and the same.
pub(super) fn alike(
    (old_set, old): (&DescriptorSet<'_>, &Field<'_>),
    (new_set, new): (&DescriptorSet<'_>, &Field<'_>),
) -> bool {
    (old.number, old.name, old.kind) == (new.number, new.name, new.kind)
        && old_set.cardinality(old) == new_set.cardinality(new)
        && old_set.target_name(old) == new_set.target_name(new)
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
