//! Bytes to a tree.

use super::cursor::Cursor;
use super::{
    DEPTH, DecodeError, Profile, SET_BYTES, SET_ITEM, SET_NUMBER, Wire, default, encode,
    is_implicit, is_list, is_packable, map_of, tag,
};
use crate::features::{EnumType, Utf8};
use crate::model::{DescriptorSet, EnumId, Field, FieldId, Kind, MessageId, Target};
use crate::wire::put_varint;
use crate::witness::tree::{Datum, Key, Slot, Tree};
use std::collections::{BTreeMap, HashMap, HashSet};

type Read<T> = Result<T, DecodeError>;

/// Reads a message as one profile does. Whatever the bytes are, the tree is
/// linear in them.
pub fn decode(
    set: &DescriptorSet<'_>,
    message: MessageId,
    bytes: &[u8],
    profile: Profile,
) -> Read<Tree> {
    let mut decoder = Decoder {
        set,
        profile,
        names: HashMap::new(),
    };
    let mut tree = Tree::new(message);
    decoder.body(&mut Cursor::new(bytes, profile), &mut tree, DEPTH, None)?;
    if profile == Profile::Spec {
        decoder.required(&tree)?;
    }
    Ok(tree)
}

struct Decoder<'s> {
    set: &'s DescriptorSet<'s>,
    profile: Profile,
    names: HashMap<EnumId, HashSet<i32>>,
}

/// Whether a field took the bytes behind its tag.
#[derive(PartialEq)]
enum Taken {
    Yes,
    /// They are kept as unknown.
    No,
}

impl<'s> Decoder<'s> {
    fn body(
        &mut self,
        cursor: &mut Cursor<'_>,
        tree: &mut Tree,
        depth: u32,
        group: Option<u32>,
    ) -> Read<()> {
        let in_set = self.profile == Profile::Spec && self.set[tree.message()].is_set();
        while !cursor.is_empty() {
            let start = cursor.at;
            let (number, wire) = cursor.tag()?;
            let known = self.find(tree.message(), number).filter(|_| !in_set);
            let known = known.map(|field| &self.set[field]);
            if wire == Wire::End && (group.is_some() || !self.reads_as_map(known)) {
                return match group {
                    Some(open) if open == number => Ok(()),
                    _ => Err(DecodeError::Group),
                };
            }
            let taken = if let Some(field) = known {
                self.field(cursor, tree, field, (number, wire), depth)?
            } else if in_set && (number, wire) == (SET_ITEM, Wire::Group) {
                self.item(cursor, tree, depth)?
            } else {
                cursor.skip(number, wire, depth)?;
                Taken::No
            };
            if taken == Taken::No {
                tree.unknown.extend_from_slice(cursor.since(start));
            }
        }
        match group {
            Some(_) => Err(DecodeError::Group),
            None => Ok(()),
        }
    }

    /// One extension of a message set, behind the tag of its group.
    fn item(&mut self, cursor: &mut Cursor<'_>, tree: &mut Tree, depth: u32) -> Read<Taken> {
        let (mut extension, mut bytes) = (None, None);
        loop {
            match cursor.tag()? {
                (SET_ITEM, Wire::End) => break,
                (_, Wire::End) => return Err(DecodeError::Group),
                (SET_NUMBER, Wire::Varint) => {
                    let number = u32::try_from(cursor.varint()?).ok();
                    extension = number.and_then(|number| self.find(tree.message(), number));
                }
                (SET_BYTES, Wire::Bytes) => bytes = Some(cursor.delimited()?),
                (number, wire) => cursor.skip(number, wire, depth)?,
            }
        }
        let field = extension.map(|id| &self.set[id]);
        let field = field.filter(|field| !is_list(field));
        let target = field.map(|field| (field, field.target));
        let (Some((field, Target::Message(message))), Some(bytes)) = (target, bytes) else {
            return Ok(Taken::No);
        };
        let depth = depth.checked_sub(1).ok_or(DecodeError::Depth)?;
        let mut inside = Cursor::new(bytes, self.profile);
        let inner = self.inner(tree, field, message);
        self.body(&mut inside, inner, depth, None)?;
        Ok(Taken::Yes)
    }

    /// prost never asks what the wire type of a map is.
    fn reads_as_map(&self, field: Option<&Field<'_>>) -> bool {
        self.profile == Profile::Prost
            && field.is_some_and(|field| map_of(self.set, field).is_some())
    }

    fn find(&self, message: MessageId, number: u32) -> Option<FieldId> {
        let number = i32::try_from(number).ok()?;
        self.set.looked().numbered(message, number)
    }

    fn field(
        &mut self,
        cursor: &mut Cursor<'_>,
        tree: &mut Tree,
        field: &'s Field<'s>,
        (number, wire): (u32, Wire),
        depth: u32,
    ) -> Read<Taken> {
        let expected = Wire::of(field.kind);
        if wire == Wire::Bytes && is_packable(field) {
            return self.packed(cursor.delimited()?, tree, field);
        }
        if wire != expected && !self.reads_as_map(Some(field)) {
            if self.profile == Profile::Prost {
                return Err(DecodeError::WireType(self.set.full_name(field.id)));
            }
            cursor.skip(number, wire, depth)?;
            return Ok(Taken::No);
        }
        if let Some((key, value)) = map_of(self.set, field) {
            self.entry(cursor.delimited()?, tree, field, (key, value), depth)?;
            return Ok(Taken::Yes);
        }
        if let (Target::Message(message), true) = (field.target, field.kind.is_message()) {
            self.message(cursor, tree, field, message, depth)?;
            return Ok(Taken::Yes);
        }
        let datum = self.datum(cursor, field)?;
        if self.is_foreign(field, &datum) {
            return Ok(Taken::No);
        }
        self.keep(tree, field, datum);
        Ok(Taken::Yes)
    }

    fn keep(&self, tree: &mut Tree, field: &Field<'_>, datum: Datum) {
        if is_list(field) {
            push(self.set, tree, field, datum);
        } else if is_implicit(self.set, field) && datum.is_zero() {
            drop(tree.take(self.set, field.id));
        } else {
            tree.set(self.set, field.id, Slot::One(datum));
        }
    }

    fn packed(&mut self, bytes: &[u8], tree: &mut Tree, field: &'s Field<'s>) -> Read<Taken> {
        let mut cursor = Cursor::new(bytes, self.profile);
        while !cursor.is_empty() {
            let start = cursor.at;
            let datum = self.datum(&mut cursor, field)?;
            if self.is_foreign(field, &datum) {
                // The number is written anew, with the tag it has not got here.
                let mut again = Cursor::new(&bytes[start..], self.profile);
                put_varint(&mut tree.unknown, tag(field, Wire::Varint));
                put_varint(&mut tree.unknown, again.varint()?);
            } else {
                self.keep(tree, field, datum);
            }
        }
        Ok(Taken::Yes)
    }

    fn message(
        &mut self,
        cursor: &mut Cursor<'_>,
        tree: &mut Tree,
        field: &Field<'_>,
        message: MessageId,
        depth: u32,
    ) -> Read<()> {
        let depth = depth.checked_sub(1).ok_or(DecodeError::Depth)?;
        let inner = self.inner(tree, field, message);
        if field.kind == Kind::Group {
            let number = field.number.cast_unsigned();
            return self.body(cursor, inner, depth, Some(number));
        }
        let mut inside = Cursor::new(cursor.delimited()?, self.profile);
        self.body(&mut inside, inner, depth, None)
    }

    /// The message that a field is read into.
    fn inner<'t>(&self, tree: &'t mut Tree, field: &Field<'_>, message: MessageId) -> &'t mut Tree {
        let slot = tree.entry(self.set, field.id, || {
            if is_list(field) {
                Slot::List(Vec::new())
            } else {
                Slot::One(Datum::Message(Box::new(Tree::new(message))))
            }
        });
        // A message that stands there twice is one message.
        let datum = match slot {
            Slot::List(list) => {
                list.push(Datum::Message(Box::new(Tree::new(message))));
                list.last_mut().expect("just pushed")
            }
            Slot::One(one) => one,
            Slot::Map(_) => unreachable!("maps have entries"),
        };
        let Datum::Message(inner) = datum else {
            unreachable!("a field of messages holds messages");
        };
        inner
    }

    /// One entry of a map. An entry with something unknown in it is unknown as
    /// a whole: a number that a closed enum does not name must not become
    /// another.
    fn entry(
        &mut self,
        bytes: &[u8],
        tree: &mut Tree,
        field: &Field<'_>,
        (key, value): (FieldId, FieldId),
        depth: u32,
    ) -> Read<()> {
        let Target::Message(message) = field.target else {
            unreachable!("the entry of a map is a message");
        };
        let depth = depth.checked_sub(1).ok_or(DecodeError::Depth)?;
        let mut entry = Tree::new(message);
        let mut inside = Cursor::new(bytes, self.profile);
        self.body(&mut inside, &mut entry, depth, None)?;
        if self.profile == Profile::Spec && !entry.unknown.is_empty() {
            let again = encode(self.set, &entry);
            put_varint(&mut tree.unknown, tag(field, Wire::Bytes));
            put_varint(&mut tree.unknown, again.len() as u64);
            tree.unknown.extend(again);
            return Ok(());
        }
        let mut member = |id: FieldId| match entry.take(self.set, id) {
            Some(Slot::One(datum)) => datum,
            _ => default(self.set, &self.set[id]),
        };
        let (key, value) = (Key::of(member(key)), member(value));
        let empty = || Slot::Map(BTreeMap::new());
        if let Slot::Map(map) = tree.entry(self.set, field.id, empty) {
            map.insert(key, value);
        }
        Ok(())
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "the wire format says to cut"
    )]
    fn datum(&self, cursor: &mut Cursor<'_>, field: &Field<'_>) -> Read<Datum> {
        Ok(match field.kind {
            Kind::Int32 => Datum::Int(i64::from(cursor.varint()? as i32)),
            Kind::Int64 => Datum::Int(cursor.varint()?.cast_signed()),
            Kind::Uint32 => Datum::Uint(u64::from(cursor.varint()? as u32)),
            Kind::Uint64 => Datum::Uint(cursor.varint()?),
            Kind::Sint32 => {
                let coded = cursor.varint()? as u32;
                Datum::Int(i64::from(
                    (coded >> 1).cast_signed() ^ -((coded & 1).cast_signed()),
                ))
            }
            Kind::Sint64 => {
                let coded = cursor.varint()?;
                Datum::Int((coded >> 1).cast_signed() ^ -((coded & 1).cast_signed()))
            }
            Kind::Bool => Datum::Bool(cursor.varint()? != 0),
            Kind::Enum => Datum::Enum(cursor.varint()? as i32),
            Kind::Fixed32 => Datum::Uint(u64::from(u32::from_le_bytes(cursor.fixed()?))),
            Kind::Sfixed32 => Datum::Int(i64::from(i32::from_le_bytes(cursor.fixed()?))),
            Kind::Float => Datum::Float(u32::from_le_bytes(cursor.fixed()?)),
            Kind::Fixed64 => Datum::Uint(u64::from_le_bytes(cursor.fixed()?)),
            Kind::Sfixed64 => Datum::Int(i64::from_le_bytes(cursor.fixed()?)),
            Kind::Double => Datum::Double(u64::from_le_bytes(cursor.fixed()?)),
            Kind::String => {
                let text = cursor.delimited()?;
                let verified =
                    self.profile == Profile::Prost || field.features.utf8 == Utf8::Verify;
                if verified && std::str::from_utf8(text).is_err() {
                    return Err(DecodeError::Utf8(self.set.full_name(field.id)));
                }
                Datum::Text(text.to_vec())
            }
            Kind::Bytes => Datum::Bytes(cursor.delimited()?.to_vec()),
            Kind::Message | Kind::Group => unreachable!("messages are read by themselves"),
        })
    }

    /// A number that a closed enum does not name.
    fn is_foreign(&mut self, field: &Field<'_>, datum: &Datum) -> bool {
        let (Datum::Enum(number), Target::Enum(id)) = (datum, field.target) else {
            return false;
        };
        let set = self.set;
        if self.profile == Profile::Prost || set[id].features.enum_type == EnumType::Open {
            return false;
        }
        let names = self.names.entry(id).or_insert_with(|| {
            let values = set.values_of(&set[id]).iter();
            values.map(|value| value.number).collect()
        });
        !names.contains(number)
    }

    fn required(&self, tree: &Tree) -> Read<()> {
        let set = self.set;
        let required = set.looked().required(tree.message());
        if let Some(missing) = required.iter().find(|id| tree.get(set, **id).is_none()) {
            return Err(DecodeError::Required(set.full_name(*missing)));
        }
        for (_, slot) in tree.slots() {
            let messages: Box<dyn Iterator<Item = &Datum>> = match slot {
                Slot::One(datum) => Box::new(std::iter::once(datum)),
                Slot::List(list) => Box::new(list.iter()),
                Slot::Map(map) => Box::new(map.values()),
            };
            for datum in messages {
                match datum {
                    Datum::Message(inner) => self.required(inner)?,
                    // A list of scalars has no messages at all.
                    _ => break,
                }
            }
        }
        Ok(())
    }
}

fn push(set: &DescriptorSet<'_>, tree: &mut Tree, field: &Field<'_>, datum: Datum) {
    if let Slot::List(list) = tree.entry(set, field.id, || Slot::List(Vec::new())) {
        list.push(datum);
    }
}
