//! Annotations of both sides, side by side.

use crate::annotation::{Annotations, annotated, packages};
use crate::found::Spot;
use crate::model::{DescriptorSet, ElementId, Field, File, Scope, ValueId, field_ids};
use crate::pair::{Pair, World};
use std::collections::{HashMap, HashSet};

/// What both sides of an element say of it, where that differs and at least
/// one of them is annotated at all.
pub(super) fn changed<'w>(
    world: &World<'w>,
    old: ElementId,
    new: ElementId,
) -> Option<(Annotations<'w>, Annotations<'w>)> {
    let before = Annotations::of(world.old, old);
    let after = Annotations::of(world.new, new);
    let differs = before != after
        && (annotated(world.old, world.old.file_of(old))
            || annotated(world.new, world.new.file_of(new)));
    differs.then_some((before, after))
}

/// The same of a field.
pub(super) fn changed_field<'w>(
    world: &World<'w>,
    pair: &Pair<Field>,
) -> Option<(Annotations<'w>, Annotations<'w>)> {
    changed(world, pair.old.id.into(), pair.new.id.into())
}

/// Where an option of an element stands, else the element.
pub(super) fn spot(set: &DescriptorSet<'_>, element: ElementId, option: u32) -> Spot {
    let options = match element {
        ElementId::Field(_) | ElementId::File(_) | ElementId::Service(_) => 8,
        ElementId::Message(_) => 7,
        ElementId::Oneof(_) => 2,
        ElementId::Enum(_) | ElementId::Value(_) => 3,
        ElementId::Method(_) => 4,
    };
    let option = i32::try_from(option).expect("numbers of options are small");
    Spot::part(set, element, &[options, option])
}

/// The packages that either side annotates.
pub(super) fn either<'w>(world: &World<'w>) -> HashSet<&'w str> {
    let mut either = packages(world.old);
    either.extend(packages(world.new));
    either
}

/// `MAJOR.MINOR`, without anything in front.
pub(super) fn minor(text: &str) -> Option<(u64, u64)> {
    let number = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'));
        text.parse().ok().filter(|_| plain)
    };
    let (major, minor) = text.split_once('.')?;
    Some((number(major)?, number(minor)?))
}

/// Since when an element is there: its own mark, else that of what it stands
/// in. `None`: since the first minor.
pub(super) fn since<'a>(set: &DescriptorSet<'a>, element: ElementId) -> Option<&'a str> {
    let mut at = Some(element);
    while let Some(element) = at {
        if let Some(since) = Annotations::of(set, element).since {
            return Some(since);
        }
        at = match element {
            ElementId::Field(id) => match set[id].scope {
                Scope::Message(message) => Some(message.into()),
                Scope::File => None,
            },
            ElementId::Value(id) => set[set[id].parent].parent.map(ElementId::from),
            ElementId::Message(id) => set[id].parent.map(ElementId::from),
            _ => None,
        };
    }
    None
}

/// Every element of a new file that annotations can stand on, with the old
/// element that it was.
pub(super) fn elements(world: &World, file: &File<'_>) -> Vec<(ElementId, Option<ElementId>)> {
    let set = world.new;
    let mut elements: Vec<(ElementId, Option<ElementId>)> = Vec::new();
    for message in set
        .messages_of(file)
        .iter()
        .filter(|message| !message.map_entry)
    {
        let origin = world.message_origin(message.id);
        elements.push((message.id.into(), origin.map(ElementId::from)));
    }
    for id in field_ids(&file.all_fields) {
        let field = &set[id];
        if field.extendee.is_some() || !set[set.owner(field)].map_entry {
            let origin = world.field_origin(id).or_else(|| world.moved_from(id));
            elements.push((id.into(), origin.map(ElementId::from)));
        }
    }
    for each in set.enums_of(file) {
        let origin = world.enum_origin(each.id);
        let old = origin.map_or(&[][..], |id| world.old.values_of(&world.old[id]));
        let by_name: HashMap<&str, ValueId> =
            old.iter().map(|value| (value.name, value.id)).collect();
        let by_number: HashMap<i32, ValueId> =
            old.iter().map(|value| (value.number, value.id)).collect();
        for value in set.values_of(each) {
            // An alias has the number of another, so the name comes first.
            let named = by_name.get(value.name);
            let origin = named.or_else(|| by_number.get(&value.number));
            elements.push((value.id.into(), origin.map(|id| ElementId::from(*id))));
        }
    }
    for service in set.services_of(file) {
        for method in set.methods_of(service) {
            let origin = world.method_origin(method.id);
            elements.push((method.id.into(), origin.map(ElementId::from)));
        }
    }
    elements
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn minors_are_two_numbers() {
        assert_eq!(minor("1.10"), Some((1, 10)));
        for text in [
            "", "1", "1.", ".1", "1.1.0", "v1.1", "1.01", "+1.1", "1.-1", "1. 1",
        ] {
            assert_eq!(minor(text), None, "{text}");
        }
    }
}
