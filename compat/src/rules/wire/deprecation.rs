//! What is deprecated on one side only.

use super::elements::pairs;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::{DescriptorSet, ElementId, Options};
use crate::pair::World;
use crate::rule::Channel;

/// Whether an element is deprecated.
fn deprecated(set: &DescriptorSet<'_>, element: ElementId) -> bool {
    let says = |options: Options<'_>, number| options.bool(number) == Some(true);
    match element {
        ElementId::File(id) => says(set[id].options, 23),
        ElementId::Message(id) => says(set[id].options, 3),
        ElementId::Field(id) => says(set[id].options, 3),
        ElementId::Oneof(_) => false,
        ElementId::Enum(id) => says(set[id].options, 3),
        ElementId::Value(id) => says(set[id].options, 1),
        ElementId::Service(id) => says(set[id].options, 33),
        ElementId::Method(id) => says(set[id].options, 33),
    }
}

/// Reports what became deprecated, or stopped being so.
pub(super) fn report(world: &World, found: &mut Found, became: bool) {
    for (old, new) in pairs(world) {
        if deprecated(world.old, old) == became || deprecated(world.new, new) != became {
            continue;
        }
        let how = if became { "is" } else { "is no longer" };
        let message = format!("{} {how} deprecated", world.new.full_name(new));
        let against = Some(world.old.file_of(old));
        found
            .at(new, Spot::of(world.new, new), against, message)
            .demands(Channel::All, Demand::Minor);
    }
}
