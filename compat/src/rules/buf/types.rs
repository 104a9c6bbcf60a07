//! What the rules on types share.

use super::describe::{field, method};
use crate::features::Syntax;
use crate::found::{Found, Spot};
use crate::model::{DescriptorSet, Enum, Field, Kind, MessageId, Method, Target};
use crate::pair::{Pair, World};
use std::collections::HashSet;

/// Whether a field names another type.
pub(super) fn renamed(pair: &Pair<Field>, world: &World) -> bool {
    world.old.target_name(pair.old) != world.new.target_name(pair.new)
}

/// Reports another kind; `because` ends the message.
pub(super) fn changed(pair: &Pair<Field>, world: &World, found: &mut Found, because: &str) {
    let message = format!(
        "{} changed its type from {} to {}{because}",
        field(world.new, pair.new),
        kind(world.old, pair.old),
        kind(world.new, pair.new)
    );
    report(pair, world, found, message);
}

/// Reports another type of the same kind.
pub(super) fn changed_name(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let message = format!(
        "{} changed its type from {} to {}",
        field(world.new, pair.new),
        world.old.target_name(pair.old),
        world.new.target_name(pair.new)
    );
    report(pair, world, found, message);
}

/// Reports another type of the same kind, unless it is an enum that can stand
/// in for the old one: of the same short name, with all its values.
pub(super) fn compatible_name(pair: &Pair<Field>, world: &World, found: &mut Found) {
    if !renamed(pair, world) {
        return;
    }
    if let (Target::Enum(old), Target::Enum(new)) = (pair.old.target, pair.new.target) {
        let (old, new) = (&world.old[old], &world.new[new]);
        if old.name == new.name && holds_all(world, old, new) {
            return;
        }
    }
    changed_name(pair, world, found);
}

fn holds_all(world: &World, old: &Enum<'_>, new: &Enum<'_>) -> bool {
    let values = world.new.values_of(new).iter();
    let values: HashSet<(i32, &str)> = values.map(|value| (value.number, value.name)).collect();
    let old = world.old.values_of(old);
    old.iter()
        .all(|value| values.contains(&(value.number, value.name)))
}

fn report(pair: &Pair<Field>, world: &World, found: &mut Found, message: String) {
    let id = pair.new.id;
    let part = if pair.new.kind.is_named() { 6 } else { 5 };
    let spot = Spot::part(world.new, id, &[part]);
    found.at(id, spot, Some(pair.old.file), message);
}

fn kind(set: &DescriptorSet<'_>, field: &Field<'_>) -> &'static str {
    if field.kind == Kind::Group && set[field.file].syntax != Syntax::Proto2 {
        "message (delimited encoding)"
    } else {
        field.kind.word()
    }
}

/// Reports a method whose request or response, as `what` calls it, is of
/// another name; `what` says too where it stands.
pub(super) fn method_type(
    pair: &Pair<Method>,
    world: &World,
    found: &mut Found,
    (what, part): (&str, i32),
    of: impl Fn(&Method) -> MessageId,
) {
    let old = world.old.message_name(of(pair.old));
    let new = world.new.message_name(of(pair.new));
    if old != new {
        let name = method(world.new, pair.new);
        let message = format!("{name} changed its {what} type from {old} to {new}");
        let spot = Spot::part(world.new, pair.new.id, &[part]);
        let against = world.old.file_of(pair.old.id.into());
        found.at(pair.new.id, spot, Some(against), message);
    }
}
