use super::shape::demands;
use crate::declaration::kind_word;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Era, Found, Spot};
use crate::model::{ElementId, Enum, Field, File, Message, MessageId, Named, Service, field_ids};
use crate::pair::World;
use std::collections::{HashMap, HashSet};

rule! {
    /// Every name that code can use stays.
    ///
    /// Messages, enums, services, methods, fields, values, oneofs and extensions, whether a call reaches them or not; Go has a name for the default of a field, too. A renumbered field keeps its name; a renamed one keeps its number and is told here.
    ///
    /// ```proto old
    /// message M { int32 a = 1; oneof o { int32 b = 2; } }
    /// message N { message Inner {} }
    /// enum E { E_A = 0; E_B = 1; }
    /// service S { rpc R(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// message M { int32 z = 1; oneof o { int32 b = 2; } }
    /// message N { message Inner {} }
    /// enum E { E_A = 0; E_B = 1; }
    /// service S { rpc R(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; oneof p { int32 b = 2; } }
    /// message N { message Inner {} }
    /// enum E { E_A = 0; E_B = 1; }
    /// service S { rpc R(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; oneof o { int32 b = 2; } }
    /// enum E { E_A = 0; E_B = 1; }
    /// service S { rpc R(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; oneof o { int32 b = 2; } }
    /// message N { message Inner {} }
    /// enum E { E_A = 0; }
    /// service S { rpc R(M) returns (M); }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; oneof o { int32 b = 2; } }
    /// message N { message Inner {} }
    /// enum E { E_A = 0; E_B = 1; }
    /// service S { rpc Q(M) returns (M); }
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 7; oneof o { int32 b = 2; } int32 c = 3; }
    /// message N { message Inner {} }
    /// enum E { option allow_alias = true; E_A = 0; E_B = 1; E_C = 1; }
    /// service S { rpc R(M) returns (M); rpc Q(M) returns (M); }
    /// ```
    "SOURCE_SAME_NAME", Set,
    aperio [SourceGo, SourcePy],
    covers [
        "FIELD_SAME_NAME", "FIELD_NO_DELETE", "ENUM_VALUE_SAME_NAME", "ENUM_VALUE_NO_DELETE",
        "MESSAGE_NO_DELETE", "ENUM_NO_DELETE", "SERVICE_NO_DELETE", "RPC_NO_DELETE",
        "ONEOF_NO_DELETE", "EXTENSION_NO_DELETE",
    ],
    judge
}

fn judge(world: &World, found: &mut Found) {
    let mut told = HashSet::new();
    for file in world.files(Era::Old) {
        if world.package(Era::New, file.package).is_none() {
            // With its package go all its names; once is enough.
            if told.insert(file.package) {
                let message = format!("every name of package {} is gone", file.package);
                let spot = world.file_twin(file.id).map(Spot::file);
                let hit = found.gone(file.id, spot, file.id, message);
                demands(hit, Demand::Major, Demand::Major);
            }
            continue;
        }
        if let Some(twin) = world.file_twin(file.id)
            && world.new[twin].bytes == file.bytes
        {
            continue;
        }
        types(world, found, file);
        for message in world.old.messages_of(file) {
            if let Some(twin) = world.message_twin(message.id) {
                members(world, found, message, &world.new[twin]);
            }
        }
        for each in world.old.enums_of(file) {
            if let Some(twin) = world.enum_twin(each.id) {
                values(world, found, each, &world.new[twin]);
            }
        }
        for service in world.old.services_of(file) {
            if let Some(twin) = world.service_twin(service.id) {
                methods(world, found, service, &world.new[twin]);
            }
        }
    }
}

fn types(world: &World, found: &mut Found, file: &File) {
    let old = world.old;
    let lost = |parent: Option<MessageId>| {
        parent.is_some_and(|parent| world.message_twin(parent).is_none())
    };
    for message in old.messages_of(file) {
        // What stands in a lost message is lost with it.
        if !message.map_entry && world.message_twin(message.id).is_none() && !lost(message.parent) {
            let around = message.parent.and_then(|parent| world.message_twin(parent));
            gone(world, found, message.id.into(), around.map(Into::into));
        }
    }
    for each in old.enums_of(file) {
        if world.enum_twin(each.id).is_none() && !lost(each.parent) {
            let around = each.parent.and_then(|parent| world.message_twin(parent));
            gone(world, found, each.id.into(), around.map(Into::into));
        }
    }
    for service in old.services_of(file) {
        if world.service_twin(service.id).is_none() {
            gone(world, found, service.id.into(), None);
        }
    }
    let extensions = field_ids(&file.all_fields).filter(|id| old[*id].extendee.is_some());
    for extension in extensions {
        let name = old.full_name(extension);
        if !matches!(world.new.find(&name), Some(Named::Extension(_))) {
            gone(world, found, extension.into(), None);
        }
    }
}

fn members(world: &World, found: &mut Found, old: &Message, new: &Message) {
    if old.map_entry || old.bytes == new.bytes {
        return;
    }
    let fields = world.new.fields_of(new).iter();
    let names: HashMap<&str, &Field<'_>> = fields.map(|field| (field.name, field)).collect();
    for field in world.old.fields_of(old) {
        if let Some(twin) = names.get(field.name) {
            if field.declared_default.is_some() && twin.declared_default.is_none() {
                let name = world.new.full_name(twin.id);
                let message = format!("{name} has no default any more");
                let spot = Spot::of(world.new, twin.id);
                let hit = found.at(twin.id, spot, Some(old.file), message);
                demands(hit, Demand::Major, Demand::Patch);
            }
        } else {
            match world.field_twin(field.id).map(|twin| &world.new[twin]) {
                Some(twin) => renamed(world, found, field.id.into(), twin.id.into(), twin.name),
                None => gone(world, found, field.id.into(), Some(new.id.into())),
            }
        }
    }
    for oneof in world
        .old
        .oneofs_of(old)
        .iter()
        .filter(|oneof| !oneof.synthetic)
    {
        let twin = world.oneof_twin(oneof.id).map(|twin| &world.new[twin]);
        if twin.is_none_or(|twin| twin.synthetic) {
            gone(world, found, oneof.id.into(), Some(new.id.into()));
        }
    }
}

fn values(world: &World, found: &mut Found, old: &Enum, new: &Enum) {
    let now = world.new.values_of(new);
    let names: HashSet<&str> = now.iter().map(|value| value.name).collect();
    for value in world.old.values_of(old) {
        if !names.contains(value.name) {
            match now.iter().find(|other| other.number == value.number) {
                Some(twin) => renamed(world, found, value.id.into(), twin.id.into(), twin.name),
                None => gone(world, found, value.id.into(), Some(new.id.into())),
            }
        }
    }
}

fn methods(world: &World, found: &mut Found, old: &Service, new: &Service) {
    for method in world.old.methods_of(old) {
        if world.method_twin(method.id).is_none() {
            gone(world, found, method.id.into(), Some(new.id.into()));
        }
    }
}

fn renamed(world: &World, found: &mut Found, old: ElementId, new: ElementId, now: &str) {
    let message = format!("{} is now called {now}", described(world, old));
    let spot = Spot::part(world.new, new, &[1]);
    let hit = found.at(new, spot, Some(world.old.file_of(old)), message);
    demands(hit, Demand::Major, Demand::Major);
}

/// Reports what is gone at what it stood in, else in its file.
fn gone(world: &World, found: &mut Found, old: ElementId, around: Option<ElementId>) {
    let file = world.old.file_of(old);
    let spot = match around {
        Some(around) => Some(Spot::of(world.new, around)),
        None => world.file_twin(file).map(Spot::file),
    };
    let message = format!("{} is gone", described(world, old));
    let hit = found.gone(old, spot, file, message);
    demands(hit, Demand::Major, Demand::Major);
}

fn described(world: &World, old: ElementId) -> String {
    let kind = kind_word(world.old, old);
    format!("{kind} {}", world.old.full_name(old))
}
