//! What the rules on kinds of values share.

use crate::features::{EnumType, RepeatedEncoding, Utf8};
use crate::found::{Found, Hit, Spot};
use crate::model::{Cardinality, DescriptorSet, Field, Kind, Target};
use crate::pair::{Pair, World};
use crate::rules::buf::describe::field as describe;

/// How a value is framed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    Varint,
    Fixed64,
    Length,
    Group,
    Fixed32,
}

/// The frame of one value of a kind.
pub(super) fn wire(kind: Kind) -> Wire {
    match kind {
        Kind::Int32
        | Kind::Int64
        | Kind::Uint32
        | Kind::Uint64
        | Kind::Bool
        | Kind::Enum
        | Kind::Sint32
        | Kind::Sint64 => Wire::Varint,
        Kind::Fixed64 | Kind::Sfixed64 | Kind::Double => Wire::Fixed64,
        Kind::Fixed32 | Kind::Sfixed32 | Kind::Float => Wire::Fixed32,
        Kind::String | Kind::Bytes | Kind::Message => Wire::Length,
        Kind::Group => Wire::Group,
    }
}

/// Kinds whose small values are written alike: wider and narrower ones.
pub(super) fn meaning(kind: Kind) -> Kind {
    match kind {
        Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Bool | Kind::Enum => Kind::Int32,
        Kind::Sint64 => Kind::Sint32,
        other => other,
    }
}

/// The lowest and the highest value that a writer names.
pub(super) fn range(set: &DescriptorSet<'_>, field: &Field<'_>) -> (i128, i128) {
    match (field.kind, field.target) {
        (Kind::Bool, _) => (0, 1),
        (Kind::Uint32, _) => (0, u32::MAX.into()),
        (Kind::Int64 | Kind::Sint64, _) => (i64::MIN.into(), i64::MAX.into()),
        (Kind::Uint64, _) => (0, u64::MAX.into()),
        (Kind::Enum, Target::Enum(id)) => {
            let numbers = || set.values_of(&set[id]).iter().map(|value| value.number);
            let lowest = numbers().min().unwrap_or(0).min(0);
            (lowest.into(), numbers().max().unwrap_or(0).max(0).into())
        }
        _ => (i32::MIN.into(), i32::MAX.into()),
    }
}

/// Whether a reader of the field refuses what is no UTF-8.
pub(super) fn verifies(field: &Field<'_>) -> bool {
    field.kind == Kind::String && field.features.utf8 == Utf8::Verify
}

/// Whether the field names an enum that hides numbers it does not know.
pub(super) fn closed(set: &DescriptorSet<'_>, field: &Field<'_>) -> bool {
    matches!(field.target, Target::Enum(id) if set[id].features.enum_type == EnumType::Closed)
}

/// Whether many values are written behind one length.
pub(super) fn packed(field: &Field<'_>) -> bool {
    !matches!(wire(field.kind), Wire::Length | Wire::Group)
        && field.features.repeated == RepeatedEncoding::Packed
}

/// Whether a field holds one value at most.
pub(super) fn singular(cardinality: Cardinality) -> bool {
    !matches!(cardinality, Cardinality::Repeated | Cardinality::Map)
}

/// Reports a field of another kind; `because` ends the message.
pub(super) fn retyped<'f>(
    pair: &Pair<Field>,
    world: &World,
    found: &'f mut Found,
    because: &str,
) -> &'f mut Hit {
    let message = format!(
        "{} became {} instead of {}: {because}",
        describe(world.new, pair.new),
        word(world.new, pair.new),
        word(world.old, pair.old),
    );
    let part = if pair.new.kind.is_named() { 6 } else { 5 };
    let spot = Spot::part(world.new, pair.new.id, &[part]);
    found.at(pair.new.id, spot, Some(pair.old.file), message)
}

/// The type of a field as its text says it.
pub(super) fn word<'s>(set: &'s DescriptorSet<'_>, field: &Field<'_>) -> &'s str {
    match field.target {
        Target::Scalar => field.kind.word(),
        Target::Message(_) | Target::Enum(_) => set.target_name(field),
    }
}
