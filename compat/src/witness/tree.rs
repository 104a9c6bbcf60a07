//! A message as a tree of values.

use crate::model::{DescriptorSet, FieldId, MessageId, OneofId};
use std::collections::BTreeMap;

/// One value. Floating numbers are kept as their bits, so that equal trees are
/// equal bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Datum {
    /// A signed number of any width.
    Int(i64),
    /// An unsigned number of any width.
    Uint(u64),
    /// The bits of a `float`.
    Float(u32),
    /// The bits of a `double`.
    Double(u64),
    /// A bool.
    Bool(bool),
    /// A string; where nobody verifies it, not always UTF-8.
    Text(Vec<u8>),
    /// Bytes.
    Bytes(Vec<u8>),
    /// The number of an enum value, named or not.
    Enum(i32),
    /// A message.
    Message(Box<Tree>),
}

impl Datum {
    /// The number as the wire format widens it to 64 bits; zero for what is no
    /// number.
    pub(super) fn bits(&self) -> u64 {
        match self {
            Datum::Int(number) => number.cast_unsigned(),
            Datum::Uint(number) | Datum::Double(number) => *number,
            Datum::Float(bits) => u64::from(*bits),
            Datum::Bool(value) => u64::from(*value),
            Datum::Enum(number) => i64::from(*number).cast_unsigned(),
            Datum::Text(_) | Datum::Bytes(_) | Datum::Message(_) => 0,
        }
    }

    /// Zero, false or empty: what a field without presence does not write.
    pub fn is_zero(&self) -> bool {
        match self {
            Datum::Text(bytes) | Datum::Bytes(bytes) => bytes.is_empty(),
            Datum::Message(_) => false,
            number => number.bits() == 0,
        }
    }
}

/// The key of a map entry.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// A bool.
    Bool(bool),
    /// A signed number.
    Int(i64),
    /// An unsigned number.
    Uint(u64),
    /// A string.
    Text(Vec<u8>),
}

impl Key {
    pub(super) fn of(datum: Datum) -> Self {
        match datum {
            Datum::Bool(value) => Key::Bool(value),
            Datum::Int(number) => Key::Int(number),
            Datum::Text(bytes) | Datum::Bytes(bytes) => Key::Text(bytes),
            number => Key::Uint(number.bits()),
        }
    }

    pub(super) fn datum(&self) -> Datum {
        match self {
            Key::Bool(value) => Datum::Bool(*value),
            Key::Int(number) => Datum::Int(*number),
            Key::Uint(number) => Datum::Uint(*number),
            Key::Text(bytes) => Datum::Text(bytes.clone()),
        }
    }
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// One value.
    One(Datum),
    /// The elements of a list.
    List(Vec<Datum>),
    /// The entries of a map.
    Map(BTreeMap<Key, Datum>),
}

/// Where a field stands in the encoded message: fields by number, then
/// extensions from the highest number down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rank: i64,
    field: FieldId,
}

impl Place {
    fn of(set: &DescriptorSet<'_>, id: FieldId) -> Self {
        let field = &set[id];
        let number = i64::from(field.number);
        let rank = match field.extendee {
            Some(_) => (1 << 33) - number,
            None => number,
        };
        Place { rank, field: id }
    }
}

/// The fields of one message that are set, and the bytes nobody here knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    message: MessageId,
    slots: BTreeMap<Place, Slot>,
    /// The member of each oneof that is set.
    arms: BTreeMap<OneofId, Place>,
    /// Fields that the reader does not know, as they came.
    pub unknown: Vec<u8>,
}

impl Tree {
    /// An empty message.
    pub fn new(message: MessageId) -> Self {
        Tree {
            message,
            slots: BTreeMap::new(),
            arms: BTreeMap::new(),
            unknown: Vec::new(),
        }
    }

    /// Its type.
    pub fn message(&self) -> MessageId {
        self.message
    }

    /// What a field holds, if it is set.
    pub fn get(&self, set: &DescriptorSet<'_>, field: FieldId) -> Option<&Slot> {
        self.slots.get(&Place::of(set, field))
    }

    /// The fields that are set, in the order they are encoded.
    pub fn slots(&self) -> impl Iterator<Item = (FieldId, &Slot)> {
        self.slots.iter().map(|(place, slot)| (place.field, slot))
    }

    /// Sets a field; the other members of its oneof are unset.
    pub fn set(&mut self, set: &DescriptorSet<'_>, field: FieldId, slot: Slot) {
        let place = self.claim(set, field);
        self.slots.insert(place, slot);
    }

    /// Unsets a field; what it held.
    pub(super) fn take(&mut self, set: &DescriptorSet<'_>, field: FieldId) -> Option<Slot> {
        self.slots.remove(&Place::of(set, field))
    }

    /// The slot of a field, made where it is not set.
    pub(super) fn entry(
        &mut self,
        set: &DescriptorSet<'_>,
        field: FieldId,
        empty: impl FnOnce() -> Slot,
    ) -> &mut Slot {
        let place = self.claim(set, field);
        self.slots.entry(place).or_insert_with(empty)
    }

    fn claim(&mut self, set: &DescriptorSet<'_>, field: FieldId) -> Place {
        let place = Place::of(set, field);
        if let Some(oneof) = set[field].oneof
            && let Some(before) = self.arms.insert(oneof, place)
            && before != place
        {
            self.slots.remove(&before);
        }
        place
    }
}
