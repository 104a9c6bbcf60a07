//! The wire format by descriptors: bytes to a [`Tree`] and back.
//!
//! Everything follows the resolved features of the set: presence, open and
//! closed enums, packing, verified strings, the framing of messages. Readers
//! differ where the specification leaves room or a library does as it likes;
//! a [`Profile`] names one reader.

mod cursor;
mod decode;
mod encode;

pub use decode::decode;
pub use encode::encode;

pub(super) use encode::framed;

use super::tree::{Datum, Tree};
use crate::model::{Cardinality, DescriptorSet, Field, FieldId, Kind, Label, Target};
use crate::rules::buf::default::FieldDefault;
use std::fmt;

/// How deep messages and groups may nest.
const DEPTH: u32 = 100;

/// A message set is a list of groups of this number, each with the number of an
/// extension and its bytes.
const SET_ITEM: u32 = 1;
const SET_NUMBER: u32 = 2;
const SET_BYTES: u32 = 3;

/// A reader of messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// As the specification says, and as the C runtime does.
    Spec,
    /// As prost reads: a known field of another wire type is an error, every
    /// string is verified, closed enums are read as open ones, nothing is
    /// required, and message sets are messages like others.
    Prost,
}

impl Profile {
    /// All of them.
    pub const ALL: [Profile; 2] = [Profile::Spec, Profile::Prost];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Spec => "spec",
            Profile::Prost => "prost",
        }
    }
}

/// Why a reader refuses bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecodeError {
    /// They end inside a value.
    Cut,
    /// A varint is too long.
    Varint,
    /// A tag has no such number or wire type.
    Tag,
    /// A group does not end as it began.
    Group,
    /// Messages nest too deep.
    Depth,
    /// A string is no UTF-8.
    Utf8(String),
    /// A known field has another wire type.
    WireType(String),
    /// A required field is not set.
    Required(String),
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Cut => f.write_str("the bytes end inside a value"),
            DecodeError::Varint => f.write_str("a varint is too long"),
            DecodeError::Tag => f.write_str("a tag has no valid number or wire type"),
            DecodeError::Group => f.write_str("a group does not end as it began"),
            DecodeError::Depth => write!(f, "messages nest deeper than {DEPTH}"),
            DecodeError::Utf8(field) => write!(f, "the string {field} is no UTF-8"),
            DecodeError::WireType(field) => write!(f, "{field} has another wire type"),
            DecodeError::Required(field) => write!(f, "the required field {field} is missing"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// What stands behind a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Group = 3,
    End = 4,
    Fixed32 = 5,
}

impl Wire {
    /// The wire type of one value of a kind.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => Wire::Fixed64,
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => Wire::Fixed32,
            Kind::String | Kind::Bytes | Kind::Message => Wire::Bytes,
            Kind::Group => Wire::Group,
            _ => Wire::Varint,
        }
    }
}

/// Whether a field is a list that may be packed.
fn is_packable(field: &Field<'_>) -> bool {
    let wire = Wire::of(field.kind);
    is_list(field) && matches!(wire, Wire::Varint | Wire::Fixed32 | Wire::Fixed64)
}

/// The tag of a field.
fn tag(field: &Field<'_>, wire: Wire) -> u64 {
    tagged(field.number.cast_unsigned(), wire)
}

/// The tag of a number.
fn tagged(number: u32, wire: Wire) -> u64 {
    u64::from(number) << 3 | wire as u64
}

/// The key and the value of a map field. What only calls itself a map entry is
/// an ordinary message.
pub(super) fn map_of(set: &DescriptorSet<'_>, field: &Field<'_>) -> Option<(FieldId, FieldId)> {
    let Target::Message(entry) = field.target else {
        return None;
    };
    if !set.is_map(field) || field.kind != Kind::Message {
        return None;
    }
    let member = |number: i32| {
        let mut fields = set.fields_of(&set[entry]).iter();
        let found = fields.find(|field| field.number == number)?;
        (found.label != Label::Repeated && found.oneof.is_none()).then_some(found)
    };
    let (key, value) = (member(1)?, member(2)?);
    let is_key =
        !key.kind.is_named() && !matches!(key.kind, Kind::Float | Kind::Double | Kind::Bytes);
    (is_key && value.kind != Kind::Group).then_some((key.id, value.id))
}

/// Whether a field holds a list, maps aside.
pub(super) fn is_list(field: &Field<'_>) -> bool {
    field.label == Label::Repeated
}

/// Whether zero and unset are one.
pub(super) fn is_implicit(set: &DescriptorSet<'_>, field: &Field<'_>) -> bool {
    set.cardinality(field) == Cardinality::Implicit
}

/// What a field reads as that is not set; of a list, what an element is before
/// it is filled.
pub(super) fn default(set: &DescriptorSet<'_>, field: &Field<'_>) -> Datum {
    let given = FieldDefault::of(set, field);
    let integer = match given {
        Some(FieldDefault::Integer(wide)) => wide,
        _ => 0,
    };
    match (field.kind, field.target) {
        (Kind::Message | Kind::Group, Target::Message(message)) => {
            Datum::Message(Box::new(Tree::new(message)))
        }
        (Kind::String, _) => Datum::Text(given.and_then(text).unwrap_or_default()),
        (Kind::Bytes, _) => Datum::Bytes(given.and_then(text).unwrap_or_default()),
        (Kind::Float, _) => match given {
            Some(FieldDefault::Float(number)) => Datum::Float(number.to_bits()),
            _ => Datum::Float(0),
        },
        (Kind::Double, _) => match given {
            Some(FieldDefault::Double(number)) => Datum::Double(number.to_bits()),
            _ => Datum::Double(0),
        },
        (Kind::Bool, _) => Datum::Bool(integer != 0),
        (Kind::Enum, _) => Datum::Enum(i32::try_from(integer).unwrap_or(0)),
        (kind, _) if is_unsigned(kind) => Datum::Uint(u64::try_from(integer).unwrap_or(0)),
        _ => Datum::Int(i64::try_from(integer).unwrap_or(0)),
    }
}

fn text(default: FieldDefault) -> Option<Vec<u8>> {
    match default {
        FieldDefault::Text(bytes) => Some(bytes),
        _ => None,
    }
}

/// Whether a kind holds numbers without a sign.
pub(super) fn is_unsigned(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Uint32 | Kind::Uint64 | Kind::Fixed32 | Kind::Fixed64
    )
}
