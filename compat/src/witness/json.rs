//! A message as protobuf JSON, with the names of the `.proto` text.

use super::codec::map_of;
use super::tree::{Datum, Key, Slot, Tree};
use crate::model::{DescriptorSet, Field, Target};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

/// Fields that are set, under their names; extensions under their full names
/// in brackets. Numbers of 64 bits are texts, bytes and broken texts base64,
/// enum values without a name numbers. Unknown fields have no JSON.
pub fn json(set: &DescriptorSet<'_>, tree: &Tree) -> Value {
    let mut object = Map::new();
    for (id, slot) in tree.slots() {
        let field = &set[id];
        let name = match field.extendee {
            Some(_) => format!("[{}]", set.full_name(id)),
            None => field.name.to_owned(),
        };
        let value = match slot {
            Slot::One(datum) => one(set, field, datum),
            Slot::List(list) => list.iter().map(|datum| one(set, field, datum)).collect(),
            Slot::Map(map) => {
                let value = map_of(set, field).map_or(field, |(_, value)| &set[value]);
                let entries = map
                    .iter()
                    .map(|(name, datum)| (key(name), one(set, value, datum)));
                Value::Object(entries.collect())
            }
        };
        object.insert(name, value);
    }
    Value::Object(object)
}

fn key(key: &Key) -> String {
    match key {
        Key::Bool(value) => value.to_string(),
        Key::Int(number) => number.to_string(),
        Key::Uint(number) => number.to_string(),
        Key::Text(bytes) => text(bytes),
    }
}

fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => STANDARD.encode(bytes),
    }
}

/// One value of a field.
pub(super) fn one(set: &DescriptorSet<'_>, field: &Field<'_>, datum: &Datum) -> Value {
    use crate::model::Kind::{Fixed64, Int64, Sfixed64, Sint64, Uint64};
    let wide = matches!(field.kind, Int64 | Uint64 | Sint64 | Fixed64 | Sfixed64);
    match datum {
        Datum::Int(number) if wide => number.to_string().into(),
        Datum::Uint(number) if wide => number.to_string().into(),
        Datum::Int(number) => (*number).into(),
        Datum::Uint(number) => (*number).into(),
        Datum::Bool(value) => (*value).into(),
        Datum::Float(bits) => {
            let number = f32::from_bits(*bits);
            // The shortest digits that mean this float, not those of its double.
            let digits = number.to_string().parse();
            float(digits.unwrap_or_else(|_| f64::from(number)))
        }
        Datum::Double(bits) => float(f64::from_bits(*bits)),
        Datum::Text(bytes) => text(bytes).into(),
        Datum::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Datum::Enum(number) => match named(set, field, *number) {
            Some(name) => name.into(),
            None => (*number).into(),
        },
        Datum::Message(inner) => json(set, inner),
    }
}

/// The first name of a number.
fn named<'s>(set: &'s DescriptorSet<'_>, field: &Field<'_>, number: i32) -> Option<&'s str> {
    let Target::Enum(id) = field.target else {
        return None;
    };
    let mut values = set.values_of(&set[id]).iter();
    Some(values.find(|value| value.number == number)?.name)
}

fn float(number: f64) -> Value {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        let text = if number > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        return text.into();
    }
    number.into()
}
