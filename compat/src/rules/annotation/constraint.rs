//! Constraints that other annotation packages put on fields, in one model:
//! what a value must fulfil, each by a name that does not depend on who says
//! it. Adapters read `buf.validate` and `google.api.field_behavior`.

use crate::language::{Inclusion, inclusion};
use crate::model::{DescriptorSet, Field, Options};
use crate::wire::{Reader, Value, packed};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// `buf.validate.field` and `buf.validate.oneof`.
const VALIDATE: u32 = 1159;
/// `google.api.field_behavior`.
const FIELD_BEHAVIOR: u32 = 1052;

/// Which packages a set declares: their numbers mean nothing without them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    validate: bool,
    behavior: bool,
}

impl Known {
    pub(super) fn of(set: &DescriptorSet<'_>) -> Self {
        let has = |package: &str| set.files().iter().any(|file| file.package == package);
        Known {
            validate: has("buf.validate"),
            behavior: has("google.api"),
        }
    }
}

/// One number of a constraint.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i128),
    Float(f64),
}

impl Number {
    fn cmp(self, other: Number) -> Option<std::cmp::Ordering> {
        match (self, other) {
            (Number::Whole(one), Number::Whole(other)) => Some(one.cmp(&other)),
            (Number::Float(one), Number::Float(other)) => one.partial_cmp(&other),
            _ => None,
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Number::Whole(number) => number.fmt(f),
            Number::Float(number) => number.fmt(f),
        }
    }
}

/// What a value must fulfil.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constraint {
    /// Something that holds or is not asked for.
    Holds,
    /// Something that is allowed on top.
    Allowance,
    /// Not below; and not equal where it says so.
    Least(Number, bool),
    /// Not above; and not equal where it says so.
    Most(Number, bool),
    /// One of these.
    In(BTreeSet<Vec<u8>>),
    /// None of these.
    NotIn(BTreeSet<Vec<u8>>),
    /// A text of this language.
    Pattern(String),
    /// What is not understood here: any other value of it may ask for more.
    Other(Vec<u8>),
}

/// The constraints of one field or oneof, by name.
pub(super) type Constraints = BTreeMap<String, Constraint>;

/// Which way a constraint went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Tightened,
    Loosened,
}

/// What changed between two sets of constraints.
pub(super) fn changes(old: &Constraints, new: &Constraints) -> Vec<(Change, String)> {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut changes = Vec::new();
    for name in names {
        let (before, after) = (old.get(name), new.get(name));
        if before == after {
            continue;
        }
        let (change, how) = match (before, after) {
            (None, Some(after)) => {
                let change = match after {
                    Constraint::Allowance => Change::Loosened,
                    _ => Change::Tightened,
                };
                (change, format!("{name} was introduced{}", shown(after)))
            }
            (Some(before), None) => {
                let change = match before {
                    Constraint::Allowance => Change::Tightened,
                    _ => Change::Loosened,
                };
                (change, format!("{name}{} is gone", shown(before)))
            }
            (Some(before), Some(after)) => {
                let (change, because) = between(before, after);
                let (before, after) = (shown(before), shown(after));
                (
                    change,
                    format!("{name} changed from{before} to{after}{because}"),
                )
            }
            (None, None) => continue,
        };
        changes.push((change, how));
    }
    changes
}

fn shown(constraint: &Constraint) -> String {
    match constraint {
        Constraint::Holds | Constraint::Allowance => String::new(),
        Constraint::Least(number, open) | Constraint::Most(number, open) => {
            let open = if *open { " (itself not)" } else { "" };
            format!(" {number}{open}")
        }
        Constraint::In(values) | Constraint::NotIn(values) => format!(" {} values", values.len()),
        Constraint::Pattern(pattern) => format!(" {pattern:?}"),
        Constraint::Other(_) => " another value".to_owned(),
    }
}

/// What cannot be compared counts as tightened.
fn between(before: &Constraint, after: &Constraint) -> (Change, &'static str) {
    use std::cmp::Ordering;
    let no_tighter = match (before, after) {
        (Constraint::Least(old, old_open), Constraint::Least(new, new_open)) => {
            match new.cmp(*old) {
                Some(Ordering::Less) => true,
                Some(Ordering::Equal) => *old_open || !new_open,
                _ => false,
            }
        }
        (Constraint::Most(old, old_open), Constraint::Most(new, new_open)) => match new.cmp(*old) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => *old_open || !new_open,
            _ => false,
        },
        (Constraint::In(old), Constraint::In(new)) => new.is_superset(old),
        (Constraint::NotIn(old), Constraint::NotIn(new)) => new.is_subset(old),
        (Constraint::Pattern(old), Constraint::Pattern(new)) => {
            match inclusion(Some(old), Some(new)) {
                Inclusion::Holds => true,
                Inclusion::Lacks(_) => false,
                Inclusion::Undecided => {
                    return (Change::Tightened, ", which cannot be decided");
                }
            }
        }
        _ => return (Change::Tightened, ", which cannot be decided"),
    };
    if no_tighter {
        (Change::Loosened, "")
    } else {
        (Change::Tightened, "")
    }
}

/// Whether there may be anything to read.
pub(super) fn is_ruled(options: Options<'_>) -> bool {
    options.has(VALIDATE) || options.has(FIELD_BEHAVIOR)
}

/// The constraints of a field.
pub(super) fn of_field(known: Known, field: &Field<'_>) -> Constraints {
    let mut constraints = Constraints::new();
    if known.behavior && behaviors(field.options).any(|behavior| behavior == REQUIRED) {
        constraints.insert("required".to_owned(), Constraint::Holds);
    }
    if known.validate {
        // Parts of one message may stand apart: they are one after the other.
        let rules: Vec<&[u8]> = field.options.all(VALIDATE).collect();
        field_rules(&rules.concat(), "", &mut constraints);
    }
    constraints
}

/// The constraints of a oneof.
pub(super) fn of_oneof(known: Known, options: Options<'_>) -> Constraints {
    let mut constraints = Constraints::new();
    let rules: Vec<&[u8]> = options.all(VALIDATE).collect();
    if known.validate && Options(&rules.concat()).bool(1) == Some(true) {
        constraints.insert("required".to_owned(), Constraint::Holds);
    }
    constraints
}

/// `google.api.FieldBehavior.REQUIRED`.
const REQUIRED: u64 = 2;

fn behaviors(options: Options<'_>) -> impl Iterator<Item = u64> {
    options
        .values(FIELD_BEHAVIOR)
        .flat_map(|value| match value {
            Value::Bytes(list) => packed(list).map_while(Result::ok).collect(),
            other => other.varint().into_iter().collect::<Vec<u64>>(),
        })
}

/// How one field of a message of rules is read.
#[derive(Clone, Copy)]
enum Read {
    /// True asks for it.
    Holds,
    /// A length, from below; zero asks for nothing.
    Least,
    /// A length, from above.
    Most,
    /// A length, exactly.
    Exactly,
    /// The only value.
    Const,
    /// One of the values.
    In,
    /// One of the values that are none.
    NotIn,
    /// RE2, found anywhere in the text.
    Pattern,
    /// An example asks for nothing.
    Nothing,
}

type Table = &'static [(u32, &'static str, Read)];

const BOOL: Table = &[(1, "in", Read::Const), (2, "example", Read::Nothing)];
const STRING: Table = &[
    (1, "in", Read::Const),
    (2, "min_len", Read::Least),
    (3, "max_len", Read::Most),
    (4, "min_bytes", Read::Least),
    (5, "max_bytes", Read::Most),
    (6, "pattern", Read::Pattern),
    (10, "in", Read::In),
    (11, "not_in", Read::NotIn),
    (12, "email", Read::Holds),
    (13, "hostname", Read::Holds),
    (14, "ip", Read::Holds),
    (15, "ipv4", Read::Holds),
    (16, "ipv6", Read::Holds),
    (17, "uri", Read::Holds),
    (18, "uri_ref", Read::Holds),
    (19, "len", Read::Exactly),
    (20, "bytes", Read::Exactly),
    (21, "address", Read::Holds),
    (22, "uuid", Read::Holds),
    (34, "example", Read::Nothing),
];
const BYTES: Table = &[
    (1, "in", Read::Const),
    (2, "min_len", Read::Least),
    (3, "max_len", Read::Most),
    (8, "in", Read::In),
    (9, "not_in", Read::NotIn),
    (13, "len", Read::Exactly),
    (14, "example", Read::Nothing),
];
const ENUM: Table = &[
    (1, "in", Read::Const),
    (2, "defined_only", Read::Holds),
    (3, "in", Read::In),
    (4, "not_in", Read::NotIn),
    (5, "example", Read::Nothing),
];
const REPEATED: Table = &[
    (1, "min_items", Read::Least),
    (2, "max_items", Read::Most),
    (3, "unique", Read::Holds),
    (4, "items", Read::Nothing),
];
const MAP: Table = &[
    (1, "min_pairs", Read::Least),
    (2, "max_pairs", Read::Most),
    (4, "keys", Read::Nothing),
    (5, "values", Read::Nothing),
];

/// Values of `FieldRules.ignore`.
const IGNORE_ZERO: u64 = 1;
const IGNORE_ALWAYS: u64 = 3;

/// Reads `buf.validate.FieldRules`. Rules of elements are read inside those of
/// a list or map, and no deeper: elements are no lists.
fn field_rules(rules: &[u8], within: &str, into: &mut Constraints) {
    let options = Options(rules);
    match options.varint(27) {
        Some(IGNORE_ALWAYS) => return,
        Some(IGNORE_ZERO) => {
            into.insert(format!("{within}ignore_if_zero"), Constraint::Allowance);
        }
        _ => {}
    }
    if options.bool(25) == Some(true) {
        into.insert(format!("{within}required"), Constraint::Holds);
    }
    let mut reader = Reader::new(rules);
    while let Ok(Some((number, value))) = reader.next() {
        let Some(bytes) = value.bytes() else {
            continue;
        };
        match number {
            1..=12 => numbers(number, bytes, within, into),
            13 => read(bytes, BOOL, within, into),
            14 => read(bytes, STRING, within, into),
            15 => read(bytes, BYTES, within, into),
            16 => read(bytes, ENUM, within, into),
            18 if within.is_empty() => {
                read(bytes, REPEATED, within, into);
                let items: Vec<&[u8]> = Options(bytes).all(4).collect();
                field_rules(&items.concat(), "items.", into);
            }
            19 if within.is_empty() => {
                read(bytes, MAP, within, into);
                for (number, within) in [(4, "keys."), (5, "values.")] {
                    let rules: Vec<&[u8]> = Options(bytes).all(number).collect();
                    field_rules(&rules.concat(), within, into);
                }
            }
            23 => other(format!("{within}cel"), bytes, into),
            _ => other(format!("{within}rule {number}"), bytes, into),
        }
    }
}

fn other(name: String, bytes: &[u8], into: &mut Constraints) {
    if let Constraint::Other(all) = into
        .entry(name)
        .or_insert_with(|| Constraint::Other(Vec::new()))
    {
        all.extend_from_slice(bytes);
    }
}

/// What stands in a set of values: equal bytes are equal values.
fn key(value: Value<'_>) -> Vec<u8> {
    match value {
        Value::Varint(number) => number.to_le_bytes().to_vec(),
        Value::Fixed64(bytes) => bytes.to_vec(),
        Value::Fixed32(bytes) => bytes.to_vec(),
        Value::Bytes(bytes) | Value::Group(bytes) => bytes.to_vec(),
    }
}

fn listed(name: String, value: Vec<u8>, within: bool, into: &mut Constraints) {
    let empty = if within {
        Constraint::In(BTreeSet::new())
    } else {
        Constraint::NotIn(BTreeSet::new())
    };
    if let Constraint::In(values) | Constraint::NotIn(values) = into.entry(name).or_insert(empty) {
        values.insert(value);
    }
}

fn read(rules: &[u8], table: Table, within: &str, into: &mut Constraints) {
    let mut reader = Reader::new(rules);
    while let Ok(Some((number, value))) = reader.next() {
        let Some((_, name, how)) = table.iter().find(|(known, ..)| *known == number) else {
            other(format!("{within}rule {number}"), &key(value), into);
            continue;
        };
        let name = format!("{within}{name}");
        let length = || Number::Whole(i128::from(value.varint().unwrap_or(0)));
        match how {
            Read::Nothing => {}
            Read::Holds => {
                if value.varint() != Some(0) {
                    into.insert(name, Constraint::Holds);
                }
            }
            Read::Least => {
                if value.varint() != Some(0) {
                    into.insert(name, Constraint::Least(length(), false));
                }
            }
            Read::Most => {
                into.insert(name, Constraint::Most(length(), false));
            }
            Read::Exactly => {
                let name = name.trim_start_matches(within);
                let (least, most) = (format!("{within}min_{name}"), format!("{within}max_{name}"));
                into.insert(least, Constraint::Least(length(), false));
                into.insert(most, Constraint::Most(length(), false));
            }
            Read::Const => {
                into.insert(name, Constraint::In(BTreeSet::from([key(value)])));
            }
            Read::In | Read::NotIn => {
                let within = matches!(how, Read::In);
                match value {
                    // Numbers of an enum may be packed.
                    Value::Bytes(list) if std::ptr::eq(table, ENUM) => {
                        for number in packed(list).map_while(Result::ok) {
                            let value = key(Value::Varint(number));
                            listed(name.clone(), value, within, into);
                        }
                    }
                    value => listed(name, key(value), within, into),
                }
            }
            Read::Pattern => {
                let pattern = String::from_utf8_lossy(value.bytes().unwrap_or_default());
                let anywhere = format!("(?s:.*)(?:{pattern})(?s:.*)");
                into.insert(name, Constraint::Pattern(anywhere));
            }
        }
    }
}

/// Reads the rules of one kind of number: they differ in the encoding alone.
fn numbers(kind: u32, rules: &[u8], within: &str, into: &mut Constraints) {
    let mut reader = Reader::new(rules);
    while let Ok(Some((number, value))) = reader.next() {
        let mut values = match value {
            Value::Bytes(list) if matches!(number, 6 | 7) => unpacked(kind, list),
            value => vec![value],
        }
        .into_iter()
        .filter_map(|value| decoded(kind, value));
        match number {
            2..=5 => {
                let Some(limit) = values.next() else {
                    continue;
                };
                let open = matches!(number, 2 | 4);
                if number < 4 {
                    into.insert(format!("{within}most"), Constraint::Most(limit, open));
                } else {
                    into.insert(format!("{within}least"), Constraint::Least(limit, open));
                }
            }
            1 => {
                let values = values.map(bits).collect();
                into.insert(format!("{within}in"), Constraint::In(values));
            }
            6 | 7 => {
                let name = if number == 6 { "in" } else { "not_in" };
                for value in values {
                    listed(format!("{within}{name}"), bits(value), number == 6, into);
                }
            }
            8 if kind <= 2 => {
                if value.varint() != Some(0) {
                    into.insert(format!("{within}finite"), Constraint::Holds);
                }
            }
            8 | 9 => {}
            _ => other(format!("{within}rule {number}"), &key(value), into),
        }
    }
    outside(within, into);
}

/// Limits that cross mean the values outside of them.
fn outside(within: &str, into: &mut Constraints) {
    let (least, most) = (format!("{within}least"), format!("{within}most"));
    if let (Some(Constraint::Least(low, _)), Some(Constraint::Most(high, _))) =
        (into.get(&least), into.get(&most))
        && low.cmp(*high) == Some(std::cmp::Ordering::Greater)
    {
        let range = format!("{low} {high}").into_bytes();
        into.remove(&least);
        into.remove(&most);
        other(format!("{within}outside"), &range, into);
    }
}

fn bits(number: Number) -> Vec<u8> {
    match number {
        Number::Whole(number) => number.to_le_bytes().to_vec(),
        Number::Float(number) => number.to_bits().to_le_bytes().to_vec(),
    }
}

/// The values of a packed list, as each would stand alone.
fn unpacked(kind: u32, list: &[u8]) -> Vec<Value<'_>> {
    match kind {
        1 | 9 | 11 => list
            .as_chunks()
            .0
            .iter()
            .map(|bytes| Value::Fixed32(*bytes))
            .collect(),
        2 | 10 | 12 => list
            .as_chunks()
            .0
            .iter()
            .map(|bytes| Value::Fixed64(*bytes))
            .collect(),
        _ => packed(list)
            .map_while(Result::ok)
            .map(Value::Varint)
            .collect(),
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "the wire format says to cut, and to read the same bits with a sign"
)]
fn decoded(kind: u32, value: Value<'_>) -> Option<Number> {
    let zigzag = |value: u64| (value >> 1) as i64 ^ -((value & 1) as i64);
    let whole = match (kind, value) {
        (1, Value::Fixed32(bytes)) => {
            return Some(Number::Float(f64::from(f32::from_le_bytes(bytes))));
        }
        (2, Value::Fixed64(bytes)) => return Some(Number::Float(f64::from_le_bytes(bytes))),
        (3, Value::Varint(value)) => i128::from(value as i32),
        (4, Value::Varint(value)) => i128::from(value as i64),
        (5, Value::Varint(value)) => i128::from(value as u32),
        (6, Value::Varint(value)) => i128::from(value),
        (7, Value::Varint(value)) => i128::from(zigzag(value) as i32),
        (8, Value::Varint(value)) => i128::from(zigzag(value)),
        (9, Value::Fixed32(bytes)) => i128::from(u32::from_le_bytes(bytes)),
        (10, Value::Fixed64(bytes)) => i128::from(u64::from_le_bytes(bytes)),
        (11, Value::Fixed32(bytes)) => i128::from(i32::from_le_bytes(bytes)),
        (12, Value::Fixed64(bytes)) => i128::from(i64::from_le_bytes(bytes)),
        _ => return None,
    };
    Some(Number::Whole(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(old: &Constraint, new: &Constraint) -> Change {
        let of =
            |constraint: &Constraint| Constraints::from([("a".to_owned(), constraint.clone())]);
        changes(&of(old), &of(new))[0].0
    }

    #[test]
    fn limits_have_directions() {
        let whole = Number::Whole;
        let least = |number, open| Constraint::Least(whole(number), open);
        let most = |number, open| Constraint::Most(whole(number), open);
        for (old, new, change) in [
            (least(3, false), least(4, false), Change::Tightened),
            (least(3, false), least(3, true), Change::Tightened),
            (least(3, true), least(3, false), Change::Loosened),
            (most(3, false), most(2, false), Change::Tightened),
            (most(3, false), most(4, true), Change::Loosened),
            (least(3, false), most(3, false), Change::Tightened),
            (
                most(3, false),
                Constraint::Most(Number::Float(9.0), false),
                Change::Tightened,
            ),
        ] {
            assert_eq!(said(&old, &new), change, "{old:?} {new:?}");
        }
    }

    #[test]
    fn numbers_are_read_by_their_kind() {
        let read = |kind, bytes: &[u8]| {
            let mut into = Constraints::new();
            numbers(kind, bytes, "", &mut into);
            into
        };
        // sint32.gt = -2
        assert_eq!(
            read(7, &[0x20, 3])["least"],
            Constraint::Least(Number::Whole(-2), true)
        );
        // Lower above upper: the values outside.
        let crossed = read(3, &[0x10, 1, 0x28, 9]);
        assert_eq!(crossed.keys().collect::<Vec<_>>(), ["outside"]);
        // Packed and not is one list.
        assert_eq!(read(5, &[0x32, 2, 1, 2]), read(5, &[0x30, 1, 0x30, 2]));
    }
}
