//! What lets the newer side hold itself back from what it added.

use crate::annotation::{Annotations, annotated};
use crate::model::{ElementId, FileId};
use crate::pair::World;

/// Whether an added element says that it is younger than the base.
pub(super) fn dated(world: &World, element: impl Into<ElementId>) -> bool {
    let element = element.into();
    Annotations::of(world.new, element)
        .since
        .is_some_and(|since| after_base(world, since))
        && annotated(world.new, world.new.file_of(element))
}

/// The same, and that it waits for a capability.
pub(super) fn gated(world: &World, element: impl Into<ElementId>) -> bool {
    let element = element.into();
    Annotations::of(world.new, element).gate.is_some() && dated(world, element)
}

/// Whether what is added without a guard asks for a major.
pub(super) fn denied(world: &World, file: FileId) -> bool {
    let said = world.occasion.unguarded_denied;
    said.unwrap_or_else(|| annotated(world.new, file))
}

fn after_base(world: &World, since: &str) -> bool {
    let Some((major, minor)) = since.split_once('.') else {
        return false;
    };
    let (Ok(major), Ok(minor)) = (major.parse::<u64>(), minor.parse::<u64>()) else {
        return false;
    };
    let base = world.occasion.base.as_ref();
    base.is_none_or(|base| (major, minor) > (base.major, base.minor))
}
