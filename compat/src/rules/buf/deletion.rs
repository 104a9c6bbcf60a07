//! What the rules on deleted things share.

use super::describe::field as describe;
use super::ranges;
use crate::found::{Era, Found, Spot};
use crate::model::{
    ElementId, Enum, EnumValue, File, FileId, Message, MessageId, Named, NumberRange, field_ids,
};
use crate::pair::{Pair, World};
use std::collections::{BTreeMap, HashSet};

/// All messages of an old file.
pub(super) fn messages<'w>(
    world: &World<'w>,
    file: &File<'_>,
) -> impl Iterator<Item = ElementId> + use<'w> {
    let messages = world.old.messages_of(file).iter();
    messages.map(|message| message.id.into())
}

/// All enums of an old file.
pub(super) fn enums<'w>(
    world: &World<'w>,
    file: &File<'_>,
) -> impl Iterator<Item = ElementId> + use<'w> {
    world.old.enums_of(file).iter().map(|each| each.id.into())
}

/// The services of an old file.
pub(super) fn services<'w>(
    world: &World<'w>,
    file: &File<'_>,
) -> impl Iterator<Item = ElementId> + use<'w> {
    let services = world.old.services_of(file).iter();
    services.map(|service| service.id.into())
}

/// All extensions of an old file.
pub(super) fn extensions<'w>(
    world: &World<'w>,
    file: &File<'_>,
) -> impl Iterator<Item = ElementId> + use<'w> {
    let old = world.old;
    field_ids(&file.all_fields)
        .filter(move |id| old[*id].extendee.is_some())
        .map(ElementId::from)
}

/// The new element of the same kind with some full name, and its file.
fn find(world: &World, like: ElementId, name: &str) -> Option<FileId> {
    let named = world.new.find(name)?;
    let file = match (like, named) {
        (ElementId::Message(_), Named::Message(id)) => world.new[id].file,
        (ElementId::Enum(_), Named::Enum(id)) => world.new[id].file,
        (ElementId::Service(_), Named::Service(id)) => world.new[id].file,
        (ElementId::Field(_), Named::Extension(id)) => world.new[id].file,
        _ => return None,
    };
    world.judges(Era::New, file).then_some(file)
}

fn inside(package: &str, nested: &str) -> String {
    if package.is_empty() {
        nested.to_owned()
    } else {
        format!("{package}.{nested}")
    }
}

/// Whether the new file has an element of the same name below its package.
pub(super) fn stays_in_file(world: &World, old: ElementId, file: FileId) -> bool {
    let (before, after) = (
        world.old[world.old.file_of(old)].package,
        world.new[file].package,
    );
    let name = if before == after {
        match old {
            ElementId::Message(id) if before == after => {
                return world
                    .message_twin(id)
                    .is_some_and(|twin| world.new[twin].file == file);
            }
            other => world.old.full_name(other),
        }
    } else {
        inside(after, &world.old.nested_name(old))
    };
    find(world, old, &name) == Some(file)
}

/// Whether the new side has the element in the same package.
pub(super) fn stays_in_package(world: &World, old: ElementId, package: &str) -> bool {
    if let ElementId::Message(id) = old
        && let Some(twin) = world.message_twin(id)
    {
        return world.new[world.new[twin].file].package == package;
    }
    find(world, old, &world.old.full_name(old))
        .is_some_and(|file| world.new[file].package == package)
}

/// The packages of the new side that have an element of some kind. Where a
/// package has none left, its deletion is said of the package alone.
pub(super) fn packages_with<'w>(
    world: &World<'w>,
    has: impl Fn(&File<'w>) -> bool,
) -> HashSet<&'w str> {
    let files = world.files(Era::New).filter(|file| has(file));
    files.map(|file| file.package).collect()
}

/// The nearest message around a deleted element that a new file still has,
/// else the file.
pub(super) fn survivor_in_file(world: &World, old: ElementId, file: FileId) -> Spot {
    survivor(world, old, world.new[file].package, |message| {
        world.new[message].file == file
    })
    .unwrap_or_else(|| Spot::file(file))
}

/// The same among the files of the package; nothing where the file is gone.
pub(super) fn survivor_in_package(world: &World, old: ElementId, file: &File<'_>) -> Option<Spot> {
    let twin = world.file_twin(file.id)?;
    let found = survivor(world, old, file.package, |message| {
        world.new[world.new[message].file].package == file.package
    });
    Some(found.unwrap_or_else(|| Spot::file(twin)))
}

/// The same in the file alone; nothing where the file is gone.
pub(super) fn survivor_if_file(world: &World, old: ElementId, file: &File<'_>) -> Option<Spot> {
    let twin = world.file_twin(file.id)?;
    Some(survivor_in_file(world, old, twin))
}

/// The file without a location.
pub(super) fn file_spot(_world: &World, _old: ElementId, file: FileId) -> Spot {
    Spot::file(file)
}

/// The file without a location; nothing where it is gone.
pub(super) fn file_if_there(world: &World, _old: ElementId, file: &File<'_>) -> Option<Spot> {
    world.file_twin(file.id).map(Spot::file)
}

fn survivor(
    world: &World,
    old: ElementId,
    package: &str,
    here: impl Fn(MessageId) -> bool,
) -> Option<Spot> {
    let nested = world.old.nested_name(old);
    let mut outer = nested.as_str();
    while let Some((above, _)) = outer.rsplit_once('.') {
        outer = above;
        if let Some(message) = world.new.find_message(&inside(package, outer))
            && here(message)
        {
            return Some(Spot::of(world.new, message));
        }
    }
    None
}

/// What excuses a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excuse {
    Nothing,
    NumberReserved,
    NameReserved,
}

/// What a message or enum reserves, as far as it excuses.
struct Reserved<'r> {
    excuse: Excuse,
    numbers: Vec<NumberRange>,
    names: HashSet<&'r str>,
}

impl<'r> Reserved<'r> {
    fn new(excuse: Excuse, numbers: &[NumberRange], names: &[&'r str]) -> Self {
        Reserved {
            excuse,
            numbers: ranges::joined(numbers),
            names: names.iter().copied().collect(),
        }
    }

    fn excuses<'n>(&self, number: i32, names: impl IntoIterator<Item = &'n str>) -> bool {
        match self.excuse {
            Excuse::Nothing => false,
            Excuse::NumberReserved => {
                let at = self.numbers.partition_point(|range| range.last < number);
                self.numbers
                    .get(at)
                    .is_some_and(|range| range.holds(number))
            }
            Excuse::NameReserved => names.into_iter().all(|name| self.names.contains(name)),
        }
    }

    fn how(&self) -> &'static str {
        match self.excuse {
            Excuse::Nothing => "",
            Excuse::NumberReserved => " without reserving its number",
            Excuse::NameReserved => " without reserving its name",
        }
    }
}

/// Reports deleted fields that are not excused.
pub(super) fn fields(pair: &Pair<Message>, world: &World, found: &mut Found, excuse: Excuse) {
    let reserved = Reserved::new(excuse, &pair.new.reserved, &pair.new.reserved_names);
    for field in world.old.fields_of(pair.old) {
        if world.field_twin(field.id).is_none() && !reserved.excuses(field.number, [field.name]) {
            let how = reserved.how();
            let message = format!("{} was deleted{how}", describe(world.old, field));
            let spot = Spot::of(world.new, pair.new.id);
            found.gone(field.id, Some(spot), pair.old.file, message);
        }
    }
}

/// The values of each number, in the order of their names.
pub(super) fn by_number<'v, 'a>(
    values: &'v [EnumValue<'a>],
) -> BTreeMap<i32, Vec<&'v EnumValue<'a>>> {
    let mut numbers: BTreeMap<i32, Vec<&EnumValue>> = BTreeMap::new();
    for value in values {
        numbers.entry(value.number).or_default().push(value);
    }
    for values in numbers.values_mut() {
        values.sort_by_key(|value| value.name);
    }
    numbers
}

/// Names of one number that a message holds.
const NAMES: usize = 16;

/// The names of some values; of very many the first.
pub(super) fn names(values: &[&EnumValue]) -> String {
    let names: Vec<&str> = values.iter().take(NAMES).map(|value| value.name).collect();
    let text = names.join(", ");
    match values.len() - names.len() {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// Reports numbers without a value that are not excused.
pub(super) fn values(pair: &Pair<Enum>, world: &World, found: &mut Found, excuse: Excuse) {
    let reserved = Reserved::new(excuse, &pair.new.reserved, &pair.new.reserved_names);
    let new = by_number(world.new.values_of(pair.new));
    for (number, values) in by_number(world.old.values_of(pair.old)) {
        let old_names = values.iter().map(|value| value.name);
        if !new.contains_key(&number) && !reserved.excuses(number, old_names) {
            let message = format!(
                "value {number} ({}) of enum {} was deleted{}",
                names(&values),
                pair.new.name,
                reserved.how()
            );
            let spot = Spot::of(world.new, pair.new.id);
            found.gone(values[0].id, Some(spot), pair.old.file, message);
        }
    }
}
