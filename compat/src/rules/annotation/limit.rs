//! Limits that are one number.

use super::demand::{loosened, tightened};
use super::marks::{changed_field, spot};
use crate::annotation::Annotations;
use crate::found::{Era, Found};
use crate::model::Field;
use crate::pair::{Pair, World};
use crate::rules::wire::probes;
use crate::witness::Sample;

/// Bytes or elements of a value that shows a limit, at most.
const SHOWN: u64 = 4096;

/// Reports a limit that moved; `what` and `option` name it. `beyond` makes the
/// smallest value of more than a limit, where it can.
pub(super) fn moved(
    pair: &Pair<Field>,
    world: &World,
    found: &mut Found,
    (what, option): (&str, u32),
    limit: impl Fn(&Annotations) -> Option<u64>,
    beyond: impl Fn(&Annotations, usize) -> Option<Vec<Sample>>,
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
    if !less {
        return loosened(hit);
    }
    tightened(hit);
    let new = limit(&new).filter(|new| *new < SHOWN);
    let new = new.and_then(|new| usize::try_from(new).ok());
    if let Some(samples) = new.and_then(|new| beyond(&old, new)) {
        hit.shown_by(probes::field(world, Era::Old, pair, samples).refused());
    }
}
