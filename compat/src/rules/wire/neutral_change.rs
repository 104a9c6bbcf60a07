use super::elements::pairs;
use crate::canon;
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Era, Found, Hit, Spot};
use crate::model::{Cardinality, DescriptorSet, ElementId, Kind};
use crate::pair::World;
use crate::rule::Channel;
use std::collections::{BTreeSet, HashMap, HashSet};

rule! {
    /// Something changed that bytes do not show.
    ///
    /// How lists are packed, another syntax with equal features, a type or a oneof of another name
    /// or in another file, an option that no rule judges: it moves the digest, and no binary sees
    /// it.
    ///
    /// ```proto old
    /// option java_package = "a";
    /// message M { repeated int32 a = 1; N n = 2; oneof o { int32 b = 3; } }
    /// message N {}
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Same
    /// option java_package = "a";
    /// message M { repeated int32 a = 1 [packed = false]; N n = 2; oneof o { int32 b = 3; } }
    /// message N {}
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Same
    /// option java_package = "b";
    /// message M { repeated int32 a = 1; N n = 2; oneof o { int32 b = 3; } }
    /// message N {}
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Same
    /// option java_package = "a";
    /// message M { repeated int32 a = 1; O n = 2; oneof p { int32 b = 3; } }
    /// message O {}
    /// ```
    /// ```proto allowed
    /// option java_package = "a";
    /// message M { repeated int32 a = 1; N n = 2; oneof o { int32 b = 3; } int32 c = 4; }
    /// message N {}
    /// ```
    "NEUTRAL_CHANGE", Rest,
    aperio [All],
    judge
}

/// What others said something about that concerns the wire.
type Told = HashSet<(Era, ElementId)>;

fn judge(world: &World, hits: &[Hit], found: &mut Found) {
    let told: Told = hits
        .iter()
        .filter(|hit| hit.wire_demand() >= Some(Demand::Patch))
        .map(|hit| (hit.era, hit.element))
        .collect();
    let quiet = |old: ElementId, new: ElementId| {
        !told.contains(&(Era::Old, old)) && !told.contains(&(Era::New, new))
    };
    for (old, new) in pairs(world) {
        if !quiet(old, new) {
            continue;
        }
        if moved(world, old, new) {
            let path = world.new[world.new.file_of(new)].path;
            say(
                world,
                found,
                Some(old),
                new,
                &format!("stands in {path} now"),
            );
        } else if differ(world, old, new) {
            say(
                world,
                found,
                Some(old),
                new,
                "changed, and no byte shows it",
            );
        }
    }
    let mut renamed: Vec<_> = world.shapes().renamed().collect();
    renamed.sort_unstable();
    for (old, new) in renamed {
        if quiet(old, new) && !is_entry(world.new, new) {
            let how = format!("is the new name of {}", world.old.full_name(old));
            say(world, found, Some(old), new, &how);
        }
    }
    names(world, &told, found);
    gone(world, &told, found);
    whole_files(world, &told, found);
}

fn say(world: &World, found: &mut Found, old: Option<ElementId>, new: ElementId, how: &str) {
    let message = format!("{} {how}", world.new.full_name(new));
    let against = old.map(|old| world.old.file_of(old));
    found
        .at(new, Spot::of(world.new, new), against, message)
        .effects(Effect::Same, Effect::Same)
        .demands(Channel::All, Demand::Patch);
}

fn say_gone(world: &World, found: &mut Found, old: ElementId, how: &str) {
    let file = world.old.file_of(old);
    let message = format!("{} {how}", world.old.full_name(old));
    let spot = world.file_twin(file).map(Spot::file);
    found
        .gone(old, spot, file, message)
        .effects(Effect::Same, Effect::Same)
        .demands(Channel::All, Demand::Patch);
}

/// Whether a top-level element stands in another file; its members went along.
fn moved(world: &World, old: ElementId, new: ElementId) -> bool {
    let top = match new {
        ElementId::Message(id) => world.new[id].parent.is_none(),
        ElementId::Enum(id) => world.new[id].parent.is_none(),
        ElementId::Service(_) => true,
        ElementId::Field(id) => world.new[id].extendee.is_some(),
        _ => false,
    };
    top && world.file_twin(world.old.file_of(old)) != Some(world.new.file_of(new))
}

fn differ(world: &World, old: ElementId, new: ElementId) -> bool {
    resolved(world.old, old) != resolved(world.new, new)
        || !canon::same_bytes((world.old, old), (world.new, new))
            && canon::own(world.old, old).ok() != canon::own(world.new, new).ok()
}

/// The features that mean something for an element.
fn resolved(set: &DescriptorSet<'_>, element: ElementId) -> impl PartialEq + use<> {
    match element {
        ElementId::Field(id) => {
            let field = &set[id];
            let text = matches!(field.kind, Kind::String | Kind::Bytes);
            let list = set.cardinality(field) == Cardinality::Repeated;
            let features = field.features;
            Some((
                Some((set.cardinality(field), field.kind)),
                list.then_some(features.repeated),
                text.then_some((features.utf8, features.cpp_string, features.java_utf8)),
                None,
            ))
        }
        ElementId::Message(id) => {
            let features = set[id].features;
            Some((
                None,
                None,
                None,
                Some((None, features.json, features.visibility)),
            ))
        }
        ElementId::Enum(id) => {
            let features = set[id].features;
            let kind = Some(features.enum_type);
            Some((
                None,
                None,
                None,
                Some((kind, features.json, features.visibility)),
            ))
        }
        _ => None,
    }
}

fn is_entry(set: &DescriptorSet<'_>, element: ElementId) -> bool {
    matches!(element, ElementId::Message(id) if set[id].map_entry)
}

/// Oneofs and enum values that only have another name.
fn names(world: &World, told: &Told, found: &mut Found) {
    let (old, new) = (world.old, world.new);
    for pair in world.changed_messages() {
        for oneof in new.oneofs_of(pair.new) {
            if oneof.synthetic || world.oneof_origin(oneof.id).is_some() {
                continue;
            }
            let id = ElementId::from(oneof.id);
            let mut fields = new.fields_of(pair.new).iter();
            let another = fields.any(|field| {
                let inside = field.oneof == Some(oneof.id);
                let was = world.field_origin(field.id).map(|id| &old[id]);
                inside && was.is_none_or(|was| old.oneof_of(was).is_none())
            });
            // What came into it from elsewhere is told of the fields.
            if !another && !told.contains(&(Era::New, id)) {
                say(
                    world,
                    found,
                    Some(pair.old.id.into()),
                    id,
                    "has another name",
                );
            }
        }
    }
    for file in world.files(Era::Old) {
        for each in old.enums_of(file) {
            let Some(twin) = world.enum_twin(each.id).map(|id| &new[id]) else {
                continue;
            };
            if each.bytes == twin.bytes {
                continue;
            }
            let before = old.values_of(each);
            let after = new.values_of(twin);
            let keys: HashSet<(i32, &str)> =
                before.iter().map(|old| (old.number, old.name)).collect();
            let mut numbers: HashMap<i32, bool> = HashMap::new();
            for value in after {
                let fresh = !keys.contains(&(value.number, value.name));
                *numbers.entry(value.number).or_default() |= fresh;
                let id = ElementId::from(value.id);
                if fresh && !told.contains(&(Era::New, id)) {
                    say(world, found, Some(each.id.into()), id, "is another name");
                }
            }
            let keys: HashSet<(i32, &str)> =
                after.iter().map(|new| (new.number, new.name)).collect();
            for value in before {
                // A number that is gone, or has a fresh name, is told already.
                let lost = !keys.contains(&(value.number, value.name))
                    && numbers.get(&value.number) == Some(&false);
                if lost && !told.contains(&(Era::Old, value.id.into())) {
                    say_gone(world, found, value.id.into(), "is gone; its number is not");
                }
            }
        }
    }
}

/// Types and services that are gone, where nobody who used them says so.
fn gone(world: &World, told: &Told, found: &mut Found) {
    let old = world.old;
    let renamed: HashSet<ElementId> = world.shapes().renamed().map(|(old, _)| old).collect();
    let is_gone = |id| world.message_twin(id).is_none() && !renamed.contains(&id.into());
    for file in world.files(Era::Old) {
        let messages = old.messages_of(file).iter();
        let messages = messages
            .filter(|each| is_gone(each.id) && !each.map_entry && !each.parent.is_some_and(is_gone))
            .map(|each| ElementId::from(each.id));
        let enums = old.enums_of(file).iter();
        let enums = enums
            .filter(|each| world.enum_twin(each.id).is_none() && !each.parent.is_some_and(is_gone))
            .map(|each| ElementId::from(each.id))
            .filter(|each| !renamed.contains(each));
        let services = old.services_of(file).iter();
        let services = services
            .filter(|each| world.service_twin(each.id).is_none())
            .map(|each| ElementId::from(each.id));
        for id in messages.chain(enums).chain(services) {
            if !told.contains(&(Era::Old, id)) {
                say_gone(world, found, id, "is gone");
            }
        }
    }
}

/// Files that differ though nothing in them does: another order, or no
/// declaration at all.
fn whole_files(world: &World, told: &Told, found: &mut Found) {
    let mut named = [BTreeSet::new(), BTreeSet::new()];
    let here = found.hits().iter().map(|hit| (hit.era, hit.element));
    for (era, element) in told.iter().copied().chain(here) {
        let file = world.set(era).file_of(element);
        named[era as usize].insert(file);
        if era == Era::Old {
            named[Era::New as usize].extend(world.file_twin(file));
        }
    }
    for file in world.files(Era::New) {
        if named[Era::New as usize].contains(&file.id) {
            continue;
        }
        let Some(origin) = world.file_origin(file.id) else {
            say(world, found, None, file.id.into(), "was added");
            continue;
        };
        let before = &world.old[origin];
        if before.bytes != file.bytes
            && canon::essence(world.old, before).ok() != canon::essence(world.new, file).ok()
        {
            let how = "has its declarations in another order";
            say(world, found, Some(origin.into()), file.id.into(), how);
        }
    }
    for file in world.files(Era::Old) {
        if world.file_twin(file.id).is_none() && !named[Era::Old as usize].contains(&file.id) {
            let id = file.id.into();
            if !moved_away(world, file.id) {
                say_gone(world, found, id, "is gone");
            }
        }
    }
}

/// Whether something that was in a file stands in another.
fn moved_away(world: &World, file: crate::model::FileId) -> bool {
    let messages = world.old.messages_of(&world.old[file]).iter();
    let mut messages = messages.map(|each| world.message_twin(each.id).is_some());
    let enums = world.old.enums_of(&world.old[file]).iter();
    let mut enums = enums.map(|each| world.enum_twin(each.id).is_some());
    messages.any(|moved| moved) || enums.any(|moved| moved)
}
