//! What the rules on cardinality share.

use super::describe::field;
use crate::found::{Found, Spot};
use crate::model::{Cardinality, DescriptorSet, Field};
use crate::pair::{Pair, World};

/// Whether a field belongs to an entry that the compiler made for a map.
pub(in crate::rules) fn in_entry(set: &DescriptorSet<'_>, field: &Field<'_>) -> bool {
    set[set.owner(field)].map_entry
}

/// Reports a cardinality of another group.
pub(super) fn changed(
    pair: &Pair<Field>,
    world: &World,
    found: &mut Found,
    group: impl Fn(Cardinality) -> Cardinality,
) {
    let old = world.old.cardinality(pair.old);
    let new = world.new.cardinality(pair.new);
    if group(old) != group(new) {
        let message = format!(
            "{} changed its cardinality from {} to {}",
            field(world.new, pair.new),
            word(old),
            word(new)
        );
        let spot = Spot::of(world.new, pair.new.id);
        found.at(pair.new.id, spot, Some(pair.old.file), message);
    }
}

pub(in crate::rules) fn word(cardinality: Cardinality) -> &'static str {
    match cardinality {
        Cardinality::Explicit => "optional with explicit presence",
        Cardinality::Implicit => "optional with implicit presence",
        Cardinality::Required => "required",
        Cardinality::Repeated => "repeated",
        Cardinality::Map => "map",
    }
}
