//! Comments that differ.

use super::elements::pairs;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::{ElementId, FileId, SourcePath};
use crate::pair::World;
use crate::rule::Channel;
use std::collections::{HashMap, HashSet};

type Comments = HashMap<FileId, HashMap<SourcePath, String>>;

/// Reports elements of both sides whose comments differ and are `wanted`. A
/// file without source info, as a frozen release has none, says nothing.
pub(super) fn report(
    world: &World,
    found: &mut Found,
    how: &str,
    wanted: impl Fn(&str, &str) -> bool,
) {
    let (mut before, mut after) = (Comments::new(), Comments::new());
    for (old, new) in pairs(world) {
        let files = (world.old.file_of(old), world.new.file_of(new));
        if world.old[files.0].source_info.is_empty() || world.new[files.1].source_info.is_empty() {
            continue;
        }
        if made_by_compiler(world, new) {
            continue;
        }
        let before = before
            .entry(files.0)
            .or_insert_with(|| world.old.comments(files.0));
        let after = after
            .entry(files.1)
            .or_insert_with(|| world.new.comments(files.1));
        let old_text = before
            .get(&world.old.source_path(old))
            .map_or("", |text| text);
        let new_text = after
            .get(&world.new.source_path(new))
            .map_or("", |text| text);
        if old_text != new_text && wanted(old_text, new_text) {
            let message = format!("the comment of {} {how}", world.new.full_name(new));
            found
                .at(new, Spot::of(world.new, new), Some(files.0), message)
                .demands(Channel::All, Demand::Patch);
        }
    }
}

/// The lines that only one of two comments has.
pub(super) fn differing<'t>(old: &'t str, new: &'t str) -> impl Iterator<Item = &'t str> {
    let lines = |text: &'t str| text.lines().map(str::trim).collect::<HashSet<_>>();
    let (before, after) = (lines(old), lines(new));
    let only: Vec<&str> = before.symmetric_difference(&after).copied().collect();
    only.into_iter()
}

fn made_by_compiler(world: &World, new: ElementId) -> bool {
    match new {
        ElementId::Message(id) => world.new[id].map_entry,
        ElementId::Field(id) => world.new[world.new.owner(&world.new[id])].map_entry,
        ElementId::Oneof(id) => world.new[id].synthetic,
        _ => false,
    }
}
