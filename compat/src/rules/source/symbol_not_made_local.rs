use super::shape::demands;
use crate::declare::rule;
use crate::effect::Demand;
use crate::features::DefaultVisibility;
use crate::found::{Era, Found, Spot};
use crate::model::{DescriptorSet, ElementId, Enum, Message, Visibility};
use crate::pair::World;
use crate::rule::Channel;

rule! {
    /// What other files may import stays importable.
    ///
    /// Edition 2024 says of every message and enum whether other files may name it, by `export` and `local` or by the default of its file.
    ///
    /// ```proto old
    /// edition = "2024";
    /// message M {}
    /// local message L {}
    /// ```
    /// ```proto breaks
    /// edition = "2024";
    /// local message M {}
    /// local message L {}
    /// ```
    /// ```proto allowed
    /// edition = "2024";
    /// export message M {}
    /// message L {}
    /// ```
    "SYMBOL_NOT_MADE_LOCAL", Set,
    aperio [SourceGo, SourcePy, Source],
    judge
}

fn judge(world: &World, found: &mut Found) {
    let (old, new) = (world.old, world.new);
    for file in world.files(Era::Old) {
        if let Some(twin) = world.file_twin(file.id)
            && new[twin].bytes == file.bytes
        {
            continue;
        }
        for message in old
            .messages_of(file)
            .iter()
            .filter(|message| !message.map_entry)
        {
            if let Some(twin) = world.message_twin(message.id)
                && message_exported(old, message)
                && !message_exported(new, &new[twin])
            {
                report(world, found, message.id.into(), twin.into());
            }
        }
        for each in old.enums_of(file) {
            if let Some(twin) = world.enum_twin(each.id)
                && enum_exported(old, each)
                && !enum_exported(new, &new[twin])
            {
                report(world, found, each.id.into(), twin.into());
            }
        }
    }
}

fn message_exported(set: &DescriptorSet, message: &Message) -> bool {
    let default = set[message.file].features.visibility;
    exported(message.visibility, default, message.parent.is_none())
}

fn enum_exported(set: &DescriptorSet, each: &Enum) -> bool {
    let default = set[each.file].features.visibility;
    exported(each.visibility, default, each.parent.is_none())
}

fn exported(own: Visibility, default: DefaultVisibility, top: bool) -> bool {
    match own {
        Visibility::Export => true,
        Visibility::Local => false,
        Visibility::Unset => match default {
            DefaultVisibility::ExportAll => true,
            DefaultVisibility::ExportTopLevel => top,
            DefaultVisibility::LocalAll | DefaultVisibility::Strict => false,
        },
    }
}

fn report(world: &World, found: &mut Found, old: ElementId, new: ElementId) {
    let message = format!(
        "{} was exported and is local to its file",
        world.new.full_name(new)
    );
    let spot = Spot::of(world.new, new);
    let against = world.old.file_of(old);
    let hit = found.at(new, spot, Some(against), message);
    demands(hit, Demand::Major, Demand::Major);
    hit.demands(Channel::Source, Demand::Major);
}
