//! What a rule says should be written.

use super::codec::{default, is_list, is_unsigned, map_of};
use super::tree::{Datum, Key, Slot, Tree};
use crate::found::Era;
use crate::model::{DescriptorSet, Field, FieldId, Kind, MessageId, Target};
use std::collections::BTreeMap;

/// A message of one side that shows what a change does to the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// Who writes it.
    pub writer: Era,
    /// Its type, in the writer's set.
    pub message: MessageId,
    /// The type the other side reads there, in the reader's set; `None` is the
    /// message of the same name.
    pub reader: Option<MessageId>,
    /// What is written; a list repeats its field.
    pub fields: Vec<(FieldId, Sample)>,
    /// The reader refuses what it reads: its annotations say so, and no bytes.
    pub refused: bool,
}

impl Probe {
    /// Says that the reader's annotations refuse the message.
    pub(crate) fn refused(mut self) -> Self {
        self.refused = true;
        self
    }

    /// The fields that stay unset and are looked at.
    pub(super) fn unset(&self) -> impl Iterator<Item = FieldId> {
        let empty = |(_, sample): &&(FieldId, Sample)| *sample == Sample::Empty;
        self.fields.iter().filter(empty).map(|(field, _)| *field)
    }
}

/// One value to write.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// For every kind of number, bools and enums.
    Int(i64),
    /// The same, for what is above the signed range.
    Uint(u64),
    /// For `float` and `double`.
    Float(f64),
    /// For bools.
    Bool(bool),
    /// For strings and bytes.
    Text(String),
    /// The same.
    Bytes(Vec<u8>),
    /// For messages; an entry of a map has its key and its value.
    Message(Vec<(FieldId, Sample)>),
    /// Whole encoded fields, tags included; the field beside it says nothing.
    Raw(Vec<u8>),
    /// Nothing: the field stays unset, and what it reads as is of interest.
    Empty,
}

/// A message as it is to be written. Fields without presence that are zero are
/// in the tree, though nobody writes them; raw bytes stand where unknown ones
/// do. `None` where the writer could not write such a message.
pub(super) fn build(
    set: &DescriptorSet<'_>,
    message: MessageId,
    fields: &[(FieldId, Sample)],
) -> Option<Tree> {
    let mut tree = Tree::new(message);
    for (id, sample) in fields {
        let field = &set[*id];
        if set.owner(field) != message {
            return None;
        }
        match sample {
            Sample::Raw(bytes) => tree.unknown.extend_from_slice(bytes),
            Sample::Empty => {}
            sample => put(set, &mut tree, field, sample)?,
        }
    }
    Some(tree)
}

/// Whether the meaning of a message shows only when its bytes are read.
pub(super) fn is_raw(fields: &[(FieldId, Sample)]) -> bool {
    fields.iter().any(|(_, sample)| match sample {
        Sample::Raw(_) => true,
        Sample::Message(members) => is_raw(members),
        _ => false,
    })
}

fn put(set: &DescriptorSet<'_>, tree: &mut Tree, field: &Field<'_>, sample: &Sample) -> Option<()> {
    if let (Some((key, value)), Sample::Message(members)) = (map_of(set, field), sample) {
        let Target::Message(entry) = field.target else {
            return None;
        };
        let mut entry = build(set, entry, members)?;
        let mut member = |id| match entry.take(set, id) {
            Some(Slot::One(datum)) => datum,
            _ => default(set, &set[id]),
        };
        let (key, value) = (Key::of(member(key)), member(value));
        if let Slot::Map(map) = tree.entry(set, field.id, || Slot::Map(BTreeMap::new())) {
            map.insert(key, value);
        }
        return Some(());
    }
    let datum = datum(set, field, sample)?;
    if is_list(field) {
        if let Slot::List(list) = tree.entry(set, field.id, || Slot::List(Vec::new())) {
            list.push(datum);
        }
    } else {
        tree.set(set, field.id, Slot::One(datum));
    }
    Some(())
}

/// A sample as a value of a field; `None` where it does not fit.
fn datum(set: &DescriptorSet<'_>, field: &Field<'_>, sample: &Sample) -> Option<Datum> {
    Some(match (field.kind, sample) {
        (Kind::String, Sample::Text(text)) => Datum::Text(text.as_bytes().to_vec()),
        (Kind::String, Sample::Bytes(bytes)) => Datum::Text(bytes.clone()),
        (Kind::Bytes, Sample::Text(text)) => Datum::Bytes(text.as_bytes().to_vec()),
        (Kind::Bytes, Sample::Bytes(bytes)) => Datum::Bytes(bytes.clone()),
        (Kind::Message | Kind::Group, Sample::Message(members)) => {
            let Target::Message(message) = field.target else {
                return None;
            };
            Datum::Message(Box::new(build(set, message, members)?))
        }
        (Kind::Double, Sample::Float(number)) => Datum::Double(number.to_bits()),
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a float has the precision it has"
        )]
        (Kind::Float, Sample::Float(number)) => Datum::Float((*number as f32).to_bits()),
        (kind, Sample::Int(number)) => integer(kind, i128::from(*number))?,
        (kind, Sample::Uint(number)) => integer(kind, i128::from(*number))?,
        (kind, Sample::Bool(value)) => integer(kind, i128::from(*value))?,
        _ => return None,
    })
}

#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "samples of floating numbers are small"
)]
fn integer(kind: Kind, number: i128) -> Option<Datum> {
    let narrow = |number: i128| i32::try_from(number).ok().map(i64::from);
    Some(match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Datum::Int(narrow(number)?),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Datum::Int(i64::try_from(number).ok()?),
        Kind::Uint32 | Kind::Fixed32 => Datum::Uint(u32::try_from(number).ok()?.into()),
        kind if is_unsigned(kind) => Datum::Uint(u64::try_from(number).ok()?),
        Kind::Bool => Datum::Bool(number != 0),
        Kind::Enum => Datum::Enum(i32::try_from(number).ok()?),
        Kind::Double => Datum::Double((number as f64).to_bits()),
        Kind::Float => Datum::Float((number as f32).to_bits()),
        _ => return None,
    })
}
