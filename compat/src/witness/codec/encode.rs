//! A tree to bytes.

use super::{SET_BYTES, SET_ITEM, SET_NUMBER, Wire, is_implicit, is_packable, map_of, tagged};
use crate::features::RepeatedEncoding;
use crate::model::{DescriptorSet, Field, Kind};
use crate::wire::put_varint;
use crate::witness::tree::{Datum, Slot, Tree};

/// Writes a message: fields by number, then extensions from the highest down,
/// then what was unknown; the entries of a map by key. The format leaves the
/// order open.
pub fn encode(set: &DescriptorSet<'_>, tree: &Tree) -> Vec<u8> {
    let mut out = Vec::new();
    message(set, tree, &mut out);
    out
}

fn message(set: &DescriptorSet<'_>, tree: &Tree, out: &mut Vec<u8>) {
    let in_set = set[tree.message()].is_set();
    for (field, slot) in tree.slots() {
        let field = &set[field];
        match slot {
            Slot::One(Datum::Message(inner)) if in_set => item(field, &encode(set, inner), out),
            Slot::One(datum) if is_implicit(set, field) && datum.is_zero() => {}
            Slot::One(datum) => one(set, field, datum, out),
            Slot::List(list) if is_packed(field) => {
                if list.is_empty() {
                    continue;
                }
                let mut inside = Vec::new();
                for datum in list {
                    scalar(field.kind, datum, &mut inside);
                }
                framed(field, Wire::Bytes, &inside, out);
            }
            Slot::List(list) => {
                for datum in list {
                    one(set, field, datum, out);
                }
            }
            Slot::Map(map) => {
                let Some((key, value)) = map_of(set, field) else {
                    continue;
                };
                for (name, datum) in map {
                    let mut entry = Vec::new();
                    one(set, &set[key], &name.datum(), &mut entry);
                    one(set, &set[value], datum, &mut entry);
                    framed(field, Wire::Bytes, &entry, out);
                }
            }
        }
    }
    out.extend_from_slice(&tree.unknown);
}

/// An extension of a message set: its number and its bytes, between two tags.
fn item(field: &Field<'_>, bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(out, tagged(SET_ITEM, Wire::Group));
    put_varint(out, tagged(SET_NUMBER, Wire::Varint));
    put_varint(out, u64::from(field.number.cast_unsigned()));
    put_varint(out, tagged(SET_BYTES, Wire::Bytes));
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
    put_varint(out, tagged(SET_ITEM, Wire::End));
}

fn is_packed(field: &Field<'_>) -> bool {
    is_packable(field) && field.features.repeated == RepeatedEncoding::Packed
}

/// One value behind its tag.
fn one(set: &DescriptorSet<'_>, field: &Field<'_>, datum: &Datum, out: &mut Vec<u8>) {
    match datum {
        Datum::Text(bytes) | Datum::Bytes(bytes) => framed(field, Wire::Bytes, bytes, out),
        Datum::Message(inner) => {
            framed(field, Wire::of(field.kind), &encode(set, inner), out);
        }
        number => {
            put_tag(field, Wire::of(field.kind), out);
            scalar(field.kind, number, out);
        }
    }
}

fn put_tag(field: &Field<'_>, wire: Wire, out: &mut Vec<u8>) {
    put_varint(out, super::tag(field, wire));
}

/// Bytes behind the tag of a field, as a group or by their length.
pub(in crate::witness) fn framed(field: &Field<'_>, wire: Wire, bytes: &[u8], out: &mut Vec<u8>) {
    put_tag(field, wire, out);
    if wire == Wire::Group {
        out.extend_from_slice(bytes);
        put_tag(field, Wire::End, out);
    } else {
        put_varint(out, bytes.len() as u64);
        out.extend_from_slice(bytes);
    }
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "a number of a narrow field is narrow"
)]
fn scalar(kind: Kind, number: &Datum, out: &mut Vec<u8>) {
    let bits = number.bits();
    match kind {
        Kind::Sint32 => {
            let number = bits as i32;
            put_varint(
                out,
                u64::from(((number << 1) ^ (number >> 31)).cast_unsigned()),
            );
        }
        Kind::Sint64 => {
            let number = bits.cast_signed();
            put_varint(out, ((number << 1) ^ (number >> 63)).cast_unsigned());
        }
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => {
            out.extend_from_slice(&(bits as u32).to_le_bytes());
        }
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => {
            out.extend_from_slice(&bits.to_le_bytes());
        }
        _ => put_varint(out, bits),
    }
}
