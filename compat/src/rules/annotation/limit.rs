//! Limits that are one number.

use super::demand::{loosened, tightened};
use super::marks::{changed_field, spot};
use crate::annotation::Annotations;
use crate::found::Found;
use crate::model::Field;
use crate::pair::{Pair, World};

/// Reports a limit that moved; `what` and `option` name it.
pub(super) fn moved(
    pair: &Pair<Field>,
    world: &World,
    found: &mut Found,
    (what, option): (&str, u32),
    limit: impl Fn(&Annotations) -> Option<u64>,
) {
    let Some((old, new)) = changed_field(world, pair) else {
        return;
    };
    let (change, less) = match (limit(&old), limit(&new)) {
        (Some(old), Some(new)) if old > new => (format!("was lowered from {old} to {new}"), true),
        (Some(old), Some(new)) if old < new => (format!("was raised from {old} to {new}"), false),
        (None, Some(new)) => (format!("was introduced as {new}"), true),
        (Some(old), None) => (format!("of {old} is gone"), false),
        _ => return,
    };
    let name = world.new.full_name(pair.new.id);
    let message = format!("{what} of {name} {change}");
    let spot = spot(world.new, pair.new.id.into(), option);
    let hit = found.at(pair.new.id, spot, Some(pair.old.file), message);
    if less { tightened(hit) } else { loosened(hit) }
}
