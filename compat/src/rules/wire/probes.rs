//! What a writer has to set to show an effect: the smallest message that does.

use super::kinds::range;
use crate::found::Era;
use crate::model::{DescriptorSet, EnumId, Field, Kind, MessageId, Target};
use crate::pair::{Pair, World};
use crate::witness::{Probe, Sample};

/// Values of one field, written by one side and read by the other.
pub(in crate::rules) fn field(
    world: &World,
    writer: Era,
    pair: &Pair<Field>,
    samples: impl IntoIterator<Item = Sample>,
) -> Probe {
    let owners = (world.old.owner(pair.old), world.new.owner(pair.new));
    let (id, (message, reader)) = match writer {
        Era::Old => (pair.old.id, owners),
        Era::New => (pair.new.id, (owners.1, owners.0)),
    };
    Probe {
        writer,
        message,
        reader: Some(reader),
        fields: samples.into_iter().map(|sample| (id, sample)).collect(),
        refused: false,
    }
}

/// Fields of a message of one side, each with some value.
pub(in crate::rules) fn message<'f, 'a: 'f>(
    world: &World,
    writer: Era,
    (old, new): (MessageId, MessageId),
    fields: impl IntoIterator<Item = &'f Field<'a>>,
) -> Probe {
    let (message, reader) = match writer {
        Era::Old => (old, new),
        Era::New => (new, old),
    };
    let set = world.set(writer);
    let fields = fields.into_iter();
    Probe {
        writer,
        message,
        reader: Some(reader),
        fields: fields.map(|field| (field.id, some(set, field))).collect(),
        refused: false,
    }
}

/// A number of an enum, in the first field of one side that holds the enum and
/// is a field of the enum for the other side too.
pub(in crate::rules) fn number(
    world: &World,
    writer: Era,
    pair: (EnumId, EnumId),
    number: i32,
) -> Option<Probe> {
    let (old, new) = world.carrier(pair)?;
    let fields = Pair {
        old: &world.old[old],
        new: &world.new[new],
    };
    Some(field(world, writer, &fields, [Sample::Int(number.into())]))
}

/// A value of a field that is not its default.
pub(in crate::rules) fn some(set: &DescriptorSet<'_>, field: &Field<'_>) -> Sample {
    match (field.kind, field.target) {
        (Kind::Bool, _) => Sample::Bool(true),
        (Kind::Float | Kind::Double, _) => Sample::Float(1.5),
        (Kind::String | Kind::Bytes, _) => Sample::Text("x".to_owned()),
        (Kind::Message | Kind::Group, _) => Sample::Message(Vec::new()),
        (Kind::Enum, Target::Enum(id)) => {
            let numbers = set.values_of(&set[id]).iter().map(|value| value.number);
            Sample::Int(
                numbers
                    .filter(|number| *number != 0)
                    .min()
                    .unwrap_or(0)
                    .into(),
            )
        }
        _ => Sample::Int(3),
    }
}

/// The value of a field that nothing was set to.
pub(super) fn zero(field: &Field<'_>) -> Option<Sample> {
    Some(match field.kind {
        Kind::Bool => Sample::Bool(false),
        Kind::Float | Kind::Double => Sample::Float(0.0),
        Kind::String | Kind::Bytes => Sample::Text(String::new()),
        Kind::Message | Kind::Group => return None,
        _ => Sample::Int(0),
    })
}

/// A number that a writer may write and a reader has another meaning for, or
/// no name.
pub(super) fn outside(
    (writing, writer): (&DescriptorSet<'_>, &Field<'_>),
    (reading, reader): (&DescriptorSet<'_>, &Field<'_>),
) -> Option<Sample> {
    const WIDE: i128 = (1 << 32) + 5;
    let (low, high) = range(writing, writer);
    let (least, most) = match reader.kind {
        Kind::Enum => (i32::MIN.into(), i32::MAX.into()),
        _ => range(reading, reader),
    };
    let can_write = |number: &i128| low <= *number && *number <= high;
    let mut wide = [7, -1, WIDE, low, high].into_iter().filter(can_write);
    let number = wide
        .find(|number| *number < least || most < *number)
        .or_else(|| {
            let (_, named) = range(reading, reader);
            (reader.kind == Kind::Enum)
                .then_some(named + 1)
                .filter(can_write)
        })?;
    match i64::try_from(number) {
        Ok(number) => Some(Sample::Int(number)),
        Err(_) => u64::try_from(number).ok().map(Sample::Uint),
    }
}
