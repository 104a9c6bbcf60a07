//! What a reader sees of what a writer meant.

use super::codec::{default, encode, is_implicit, is_list, map_of};
use super::tree::{Datum, Key, Slot, Tree};
use crate::effect::Effect;
use crate::found::Era;
use crate::model::{Cardinality, DescriptorSet, EnumId, Field, FieldId, MessageId, Target};
use crate::pair::World;

/// Compares what was meant with what was read. Fields are one by number, and
/// another when the reader has the writer's name elsewhere.
pub fn compare(world: &World<'_>, writer: Era, meant: &Tree, read: &Tree) -> Effect {
    let comparison = Comparison {
        writer,
        from: world.set(writer),
        to: world.set(writer.other()),
    };
    comparison.trees(meant, read)
}

struct Comparison<'w> {
    writer: Era,
    from: &'w DescriptorSet<'w>,
    to: &'w DescriptorSet<'w>,
}

impl<'w> Comparison<'w> {
    fn trees(&self, meant: &Tree, read: &Tree) -> Effect {
        let set = meant
            .slots()
            .map(|(field, slot)| self.field(&self.from[field], slot, read));
        let unset = self.defaults(meant, read);
        set.chain(unset).max().unwrap_or_default()
    }

    /// A field that the writer set.
    fn field(&self, field: &Field<'_>, meant: &Slot, read: &Tree) -> Effect {
        let holds_nothing = match meant {
            Slot::One(datum) => is_implicit(self.from, field) && datum.is_zero(),
            Slot::List(list) => list.is_empty(),
            Slot::Map(map) => map.is_empty(),
        };
        if !holds_nothing && self.is_moved(field, read.message()) {
            return Effect::Lossy;
        }
        match self.twin(field, read.message()) {
            Some(twin) => self.slots((field, meant), (twin, read.get(self.to, twin.id))),
            None if holds_nothing => Effect::Same,
            None if self.is_arm(field, read.message()) => Effect::UnknownVariant,
            None => Effect::Ignored,
        }
    }

    /// The reader's field of this number.
    fn twin(&self, field: &Field<'_>, reader: MessageId) -> Option<&'w Field<'w>> {
        let twin = self.to.looked().numbered(reader, field.number)?;
        Some(&self.to[twin])
    }

    /// Whether the reader knows the field's name under another number.
    fn is_moved(&self, field: &Field<'_>, reader: MessageId) -> bool {
        let mut fields = self.to.fields_of(&self.to[reader]).iter();
        field.extendee.is_none()
            && fields.any(|other| other.name == field.name && other.number != field.number)
    }

    /// Whether the reader has the oneof the field is in.
    fn is_arm(&self, field: &Field<'_>, reader: MessageId) -> bool {
        let Some(oneof) = self.from.oneof_of(field) else {
            return false;
        };
        let fields = self.from.fields_of(&self.from[oneof.message]).iter();
        let mut arms = fields.filter(|arm| arm.oneof == Some(oneof.id));
        arms.any(|arm| {
            let twin = self.twin(arm, reader);
            twin.is_some_and(|twin| self.to.oneof_of(twin).is_some())
        })
    }

    /// Fields that nobody set read as their defaults.
    fn defaults<'s>(
        &'s self,
        meant: &'s Tree,
        read: &'s Tree,
    ) -> impl Iterator<Item = Effect> + 's {
        // Where both read as zero nothing changed.
        let written = self.from.looked().defaulted(meant.message()).iter();
        let written = written.filter_map(|id| {
            let field = &self.from[*id];
            Some((field, self.twin(field, read.message())?))
        });
        let told = self.to.looked().defaulted(read.message()).iter();
        let told = told.filter_map(|id| {
            let twin = &self.to[*id];
            let field = self.from.looked().numbered(meant.message(), twin.number)?;
            Some((&self.from[field], twin))
        });
        written.chain(told).filter_map(move |(field, twin)| {
            let both_unset =
                meant.get(self.from, field.id).is_none() && read.get(self.to, twin.id).is_none();
            let one_value = !is_list(field) && !is_list(twin);
            if !both_unset || !one_value || field.kind.is_message() || twin.kind.is_message() {
                return None;
            }
            let (meant, read) = (default(self.from, field), default(self.to, twin));
            let changed = match (&meant, &read) {
                (Datum::Text(_) | Datum::Bytes(_), Datum::Text(_) | Datum::Bytes(_)) => {
                    bytes(&meant) != bytes(&read)
                }
                _ => match (number(&meant), number(&read)) {
                    (Some(meant), Some(read)) => !meant.equals(read),
                    // Another kind altogether: nobody relies on its nothing.
                    _ => false,
                },
            };
            changed.then_some(Effect::Lossy)
        })
    }

    fn slots(
        &self,
        (field, meant): (&Field<'_>, &Slot),
        (twin, read): (&Field<'_>, Option<&Slot>),
    ) -> Effect {
        if let (Slot::One(datum), None) = (meant, read)
            && datum.is_zero()
        {
            return self.zero(field, datum, twin);
        }
        if matches!(meant, Slot::Map(_)) || matches!(read, Some(Slot::Map(_))) {
            return self.maps((field, meant), (twin, read));
        }
        let (meant, read) = (list(meant), read.map(list).unwrap_or_default());
        if meant.len() != read.len() {
            return Effect::Lossy;
        }
        let elements = meant.iter().zip(read);
        let effects = elements.map(|(meant, read)| self.data((field, meant), (twin, read)));
        effects.max().unwrap_or_default()
    }

    /// A zero that the reader sees as unset. It is lost on a reader that tells
    /// the two apart, and to a writer that did; only a side that is new knows
    /// that the other does not. What is required is never unset.
    fn zero(&self, field: &Field<'_>, meant: &Datum, twin: &Field<'_>) -> Effect {
        let tells = |set: &DescriptorSet<'_>, field: &Field<'_>| {
            set.cardinality(field) == Cardinality::Explicit
        };
        let (written, told) = (tells(self.from, field), tells(self.to, twin));
        if written && told {
            return Effect::Lossy;
        }
        let keeper = if written {
            self.writer
        } else {
            self.writer.other()
        };
        if (written || told) && keeper == Era::Old {
            return Effect::Lossy;
        }
        if is_list(twin) {
            return if written { Effect::Lossy } else { Effect::Same };
        }
        self.data((field, meant), (twin, &default(self.to, twin)))
    }

    /// Maps, and lists of what could be their entries, by key.
    fn maps(
        &self,
        (field, meant): (&Field<'_>, &Slot),
        (twin, read): (&Field<'_>, Option<&Slot>),
    ) -> Effect {
        let meant = entries(self.from, field, meant);
        let read = match read {
            Some(read) => entries(self.to, twin, read),
            None => Some(Vec::new()),
        };
        let (Some(meant), Some(read)) = (meant, read) else {
            return Effect::Lossy;
        };
        if meant.len() != read.len() {
            return Effect::Lossy;
        }
        let pairs = meant.iter().zip(&read);
        let effects = pairs.map(|(meant, read)| self.trees(meant, read));
        effects.max().unwrap_or_default()
    }

    fn data(
        &self,
        (field, meant): (&Field<'_>, &Datum),
        (twin, read): (&Field<'_>, &Datum),
    ) -> Effect {
        let same = match (meant, read) {
            (Datum::Message(meant), Datum::Message(read)) => return self.trees(meant, read),
            (Datum::Message(meant), Datum::Text(read) | Datum::Bytes(read)) => {
                encode(self.from, meant) == *read
            }
            (Datum::Text(meant) | Datum::Bytes(meant), Datum::Message(read)) => {
                encode(self.to, read) == *meant
            }
            (Datum::Text(_) | Datum::Bytes(_), Datum::Text(_) | Datum::Bytes(_)) => {
                bytes(meant) == bytes(read)
            }
            _ => match (number(meant), number(read)) {
                (Some(meant), Some(read)) => meant.equals(read),
                _ => false,
            },
        };
        match (read, twin.target) {
            _ if !same => Effect::Lossy,
            (Datum::Enum(number), Target::Enum(reader)) => self.variant(field, *number, reader),
            _ => Effect::Same,
        }
    }

    /// A number that was read as an enum value.
    fn variant(&self, field: &Field<'_>, number: i32, reader: EnumId) -> Effect {
        let names = |set: &'w DescriptorSet<'w>, id: EnumId| {
            let values = set.values_of(&set[id]).iter();
            values.filter(move |value| value.number == number)
        };
        let (writer, known) = match field.target {
            Target::Enum(writer) => (Some(writer), names(self.from, writer).next().is_some()),
            _ => (None, true),
        };
        if let Some(writer) = writer {
            let meant: Vec<_> = names(self.from, writer).map(|value| value.name).collect();
            let read: Vec<_> = names(self.to, reader).map(|value| value.name).collect();
            if meant.iter().any(|name| read.contains(name)) {
                return Effect::Same;
            }
            let values = self.to.values_of(&self.to[reader]);
            if values.iter().any(|value| meant.contains(&value.name)) {
                return Effect::Lossy;
            }
        }
        if known && names(self.to, reader).next().is_none() {
            return Effect::UnknownVariant;
        }
        Effect::Same
    }
}

fn list(slot: &Slot) -> Vec<&Datum> {
    match slot {
        Slot::One(datum) => vec![datum],
        Slot::List(list) => list.iter().collect(),
        Slot::Map(_) => Vec::new(),
    }
}

fn bytes(datum: &Datum) -> &[u8] {
    match datum {
        Datum::Text(bytes) | Datum::Bytes(bytes) => bytes,
        _ => &[],
    }
}

#[derive(Clone, Copy)]
enum Number {
    Integer(i128),
    Floating(f64),
}

impl Number {
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::float_cmp,
        reason = "a number is another when it does not survive the way there and back"
    )]
    fn equals(self, other: Self) -> bool {
        match (self, other) {
            (Number::Integer(one), Number::Integer(two)) => one == two,
            (Number::Floating(one), Number::Floating(two)) => {
                one == two || one.is_nan() && two.is_nan()
            }
            (Number::Integer(integer), Number::Floating(float))
            | (Number::Floating(float), Number::Integer(integer)) => {
                float == integer as f64 && float as i128 == integer
            }
        }
    }
}

fn number(datum: &Datum) -> Option<Number> {
    Some(match datum {
        Datum::Int(number) => Number::Integer(i128::from(*number)),
        Datum::Uint(number) => Number::Integer(i128::from(*number)),
        Datum::Bool(value) => Number::Integer(i128::from(*value)),
        Datum::Enum(number) => Number::Integer(i128::from(*number)),
        Datum::Float(bits) => Number::Floating(f64::from(f32::from_bits(*bits))),
        Datum::Double(bits) => Number::Floating(f64::from_bits(*bits)),
        Datum::Text(_) | Datum::Bytes(_) | Datum::Message(_) => return None,
    })
}

/// The entries of a map, or the elements of a list that could be such, sorted
/// by key.
fn entries(set: &DescriptorSet<'_>, field: &Field<'_>, slot: &Slot) -> Option<Vec<Tree>> {
    let Target::Message(message) = field.target else {
        return None;
    };
    if let Slot::Map(map) = slot {
        let members = map_of(set, field)?;
        let mut entries: Vec<_> = map.iter().collect();
        entries.sort_by_cached_key(|(key, _)| order(&key.datum()));
        let entries = entries.into_iter();
        return Some(
            entries
                .map(|each| entry(set, message, members, each))
                .collect(),
        );
    }
    let mut fields = set.fields_of(&set[message]).iter();
    let key = fields.find(|field| field.number == 1)?.id;
    let mut found = Vec::new();
    for datum in list(slot) {
        let Datum::Message(tree) = datum else {
            return None;
        };
        let key = match tree.get(set, key) {
            Some(Slot::One(datum)) => order(datum),
            _ => order(&default(set, &set[key])),
        };
        found.push((key, (**tree).clone()));
    }
    found.sort_by(|(one, _), (two, _)| one.cmp(two));
    Some(found.into_iter().map(|(_, tree)| tree).collect())
}

/// Where a key stands among others, whatever kind of number it is.
fn order(key: &Datum) -> (i128, Vec<u8>) {
    match number(key) {
        Some(Number::Integer(number)) => (number, Vec::new()),
        Some(Number::Floating(_)) => (i128::from(key.bits()), Vec::new()),
        None => (0, bytes(key).to_vec()),
    }
}

fn entry(
    set: &DescriptorSet<'_>,
    message: MessageId,
    (key, value): (FieldId, FieldId),
    (name, datum): (&Key, &Datum),
) -> Tree {
    let mut tree = Tree::new(message);
    tree.set(set, key, Slot::One(name.datum()));
    tree.set(set, value, Slot::One(datum.clone()));
    tree
}
