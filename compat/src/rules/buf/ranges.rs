//! What the rules on ranges of numbers share.

use crate::found::{Found, Spot};
use crate::model::{ElementId, Enum, FileId, Message, NumberRange};
use crate::pair::{Pair, World};
use std::collections::HashSet;

/// The last number of a field.
const FIELD_MAX: i32 = (1 << 29) - 1;

/// The last number a message may give away: message sets have more.
pub(in crate::rules) fn message_max(message: &Message<'_>) -> i32 {
    if message.is_set() {
        i32::MAX - 1
    } else {
        FIELD_MAX
    }
}

/// The message or enum whose ranges are compared.
pub(super) struct Element<'w> {
    id: ElementId,
    what: &'static str,
    name: &'w str,
    spot: Spot,
    against: FileId,
}

impl<'w> Element<'w> {
    pub(super) fn message(world: &World, pair: &Pair<'w, Message<'w>>) -> Self {
        Element {
            id: pair.new.id.into(),
            what: "message",
            name: pair.new.name,
            spot: Spot::of(world.new, pair.new.id),
            against: pair.old.file,
        }
    }

    pub(super) fn enumeration(world: &World, pair: &Pair<'w, Enum<'w>>) -> Self {
        Element {
            id: pair.new.id.into(),
            what: "enum",
            name: pair.new.name,
            spot: Spot::of(world.new, pair.new.id),
            against: pair.old.file,
        }
    }

    fn report(&self, found: &mut Found, message: String) {
        found.at(self.id, self.spot.clone(), Some(self.against), message);
    }
}

/// Reports every old range that lost numbers.
pub(super) fn kept(
    element: &Element,
    kind: &str,
    (old, new): (&[NumberRange], &[NumberRange]),
    max: i32,
    found: &mut Found,
) {
    if old == new {
        return;
    }
    let new = joined(new);
    for range in old {
        let missing = missing(*range, &new);
        if !missing.is_empty() {
            let missing: Vec<String> = missing.iter().map(|range| show(*range, max)).collect();
            let message = format!(
                "{kind} range {} of {} {} lost {}",
                show(*range, max),
                element.what,
                element.name,
                missing.join(", ")
            );
            element.report(found, message);
        }
    }
}

/// Reports every old name that is no longer reserved.
pub(super) fn names_kept(element: &Element, (old, new): (&[&str], &[&str]), found: &mut Found) {
    if old == new {
        return;
    }
    let new: HashSet<&str> = new.iter().copied().collect();
    for name in old {
        if !new.contains(name) {
            let message = format!(
                "reserved name {name:?} of {} {} was deleted",
                element.what, element.name
            );
            element.report(found, message);
        }
    }
}

/// The same numbers in sorted ranges that neither touch nor overlap.
pub(in crate::rules) fn joined(ranges: &[NumberRange]) -> Vec<NumberRange> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut joined: Vec<NumberRange> = Vec::new();
    for range in sorted {
        match joined.last_mut() {
            Some(last) if i64::from(range.first) <= i64::from(last.last) + 1 => {
                last.last = last.last.max(range.last);
            }
            _ => joined.push(range),
        }
    }
    joined
}

/// The parts of a range that joined ranges do not hold.
pub(in crate::rules) fn missing(range: NumberRange, joined: &[NumberRange]) -> Vec<NumberRange> {
    let mut missing = Vec::new();
    let mut first = i64::from(range.first);
    let last = i64::from(range.last);
    let mut add = |first: i64, last: i64| {
        let short = |number: i64| i32::try_from(number).expect("inside of a range");
        missing.push(NumberRange {
            first: short(first),
            last: short(last),
        });
    };
    let start = joined.partition_point(|other| i64::from(other.last) < first);
    for other in &joined[start..] {
        if i64::from(other.first) > last {
            break;
        }
        if i64::from(other.first) > first {
            add(first, i64::from(other.first) - 1);
        }
        first = i64::from(other.last) + 1;
    }
    if first <= last {
        add(first, last);
    }
    missing
}

pub(in crate::rules) fn show(range: NumberRange, max: i32) -> String {
    match (range.first, range.last) {
        (first, last) if first == last => format!("[{first}]"),
        (first, last) if last == max => format!("[{first},max]"),
        (first, last) => format!("[{first},{last}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(pairs: &[(i32, i32)]) -> Vec<NumberRange> {
        let range = |&(first, last)| NumberRange { first, last };
        pairs.iter().map(range).collect()
    }

    #[test]
    fn what_is_missing_is_told_in_parts() {
        let joined = joined(&ranges(&[(8, 9), (1, 3), (4, 5), (2, 2), (20, 30)]));
        assert_eq!(joined, ranges(&[(1, 5), (8, 9), (20, 30)]));
        let missing = |first, last| missing(NumberRange { first, last }, &joined);
        assert_eq!(missing(2, 5), []);
        assert_eq!(missing(0, 25), ranges(&[(0, 0), (6, 7), (10, 19)]));
        assert_eq!(missing(6, 7), ranges(&[(6, 7)]));
        assert_eq!(missing(29, 40), ranges(&[(31, 40)]));
        assert_eq!(missing(i32::MIN, i32::MAX).len(), 4);
    }
}
