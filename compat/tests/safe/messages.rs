//! Messages that a right writer writes, from a seed.

use crate::cases::Random;
use compat::annotation::Annotations;
use compat::features::Utf8;
use compat::model::{Cardinality, Field, Kind, Label, MessageId, Target};
use compat::witness::{Datum, Key, Slot, Tree};
use compat::{DescriptorSet, Era, World};
use std::collections::BTreeMap;

/// Writes messages of one side.
pub(crate) struct Writer<'w> {
    world: &'w World<'w>,
    era: Era,
    set: &'w DescriptorSet<'w>,
}

impl<'w> Writer<'w> {
    pub(crate) fn new(world: &'w World<'w>, era: Era) -> Self {
        Writer {
            world,
            era,
            set: world.set(era),
        }
    }

    /// A message with some of its fields, and all that it requires.
    pub(crate) fn message(&self, random: &mut Random, message: MessageId, depth: usize) -> Tree {
        let mut tree = Tree::new(message);
        let extensions = self.set.fields().iter();
        let extensions = extensions.filter(|field| field.extendee == Some(message));
        let own = self.set.fields_of(&self.set[message]).iter();
        for field in own.chain(extensions) {
            let required = self.set.cardinality(field) == Cardinality::Required;
            if !required && (random.below(3) > 0 || self.holds_back(field)) {
                continue;
            }
            if let Some(slot) = self.slot(random, field, depth) {
                tree.set(self.set, field.id, slot);
            }
        }
        tree
    }

    /// A new side does not write what says that it is younger than the old one.
    fn holds_back(&self, field: &Field<'_>) -> bool {
        self.era == Era::New
            && self.world.field_origin(field.id).is_none()
            && Annotations::of(self.set, field.id).since.is_some()
    }

    fn slot(&self, random: &mut Random, field: &Field<'_>, depth: usize) -> Option<Slot> {
        if self.set.is_map(field) {
            let Target::Message(entry) = field.target else {
                return None;
            };
            let members = self.set.fields_of(&self.set[entry]);
            let member = |number| members.iter().find(|field| field.number == number);
            let (key, value) = (member(1)?, member(2)?);
            let mut map = BTreeMap::new();
            for _ in 0..random.below(3) {
                let key = key_of(self.datum(random, key, depth)?)?;
                map.insert(key, self.datum(random, value, depth)?);
            }
            return Some(Slot::Map(map));
        }
        if field.label == Label::Repeated {
            let data = (0..random.below(4)).map(|_| self.datum(random, field, depth));
            return Some(Slot::List(data.collect::<Option<_>>()?));
        }
        Some(Slot::One(self.datum(random, field, depth)?))
    }

    fn datum(&self, random: &mut Random, field: &Field<'_>, depth: usize) -> Option<Datum> {
        Some(match (field.kind, field.target) {
            (Kind::Message | Kind::Group, Target::Message(message)) => {
                let inner = self.message(random, message, depth.checked_sub(1)?);
                Datum::Message(Box::new(inner))
            }
            (Kind::Enum, Target::Enum(id)) => {
                let values = self.set.values_of(&self.set[id]).iter();
                let written = values.filter(|value| {
                    let number = value.number;
                    // What is younger than the old side is held back, too.
                    self.era == Era::Old
                        || Annotations::of(self.set, value.id).since.is_none()
                        || self.world.enum_origin(id).is_some_and(|old| {
                            let mut known = self.world.old.values_of(&self.world.old[old]).iter();
                            known.any(|value| value.number == number)
                        })
                });
                let numbers: Vec<i32> = written.map(|value| value.number).collect();
                let at = random.below(numbers.len().max(1));
                Datum::Enum(*numbers.get(at)?)
            }
            (Kind::String, _) => {
                let verified = field.features.utf8 == Utf8::Verify;
                Datum::Text(text(random, verified))
            }
            (Kind::Bytes, _) => Datum::Bytes(text(random, false)),
            (Kind::Bool, _) => Datum::Bool(random.below(2) == 1),
            (Kind::Float, _) => {
                let numbers = [0.0f32, 1.5, -1.0, f32::MAX, f32::INFINITY];
                Datum::Float(random.pick(&numbers).to_bits())
            }
            (Kind::Double, _) => {
                let numbers = [0.0f64, 1.5, -1.0, 1e300, f64::INFINITY];
                Datum::Double(random.pick(&numbers).to_bits())
            }
            (Kind::Uint32 | Kind::Fixed32, _) => {
                Datum::Uint(*random.pick(&[0, 1, 7, 300, 1 << 31, u32::MAX.into()]))
            }
            (Kind::Uint64 | Kind::Fixed64, _) => {
                Datum::Uint(*random.pick(&[0, 1, 7, 300, (1 << 32) + 5, u64::MAX]))
            }
            (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, _) => {
                let numbers = [0, 1, -1, 7, 300, i32::MIN.into(), i32::MAX.into()];
                Datum::Int(*random.pick(&numbers))
            }
            _ => {
                let numbers = [0, 1, -1, 7, 300, (1 << 32) + 5, i64::MIN, i64::MAX];
                Datum::Int(*random.pick(&numbers))
            }
        })
    }
}

fn text(random: &mut Random, verified: bool) -> Vec<u8> {
    let texts: [&[u8]; 6] = [
        b"",
        b"a",
        "\u{e9}".as_bytes(),
        // Bytes of a message.
        b"\x08\x01",
        b"hello",
        b"\xff\xfe",
    ];
    random.pick(&texts[..if verified { 5 } else { 6 }]).to_vec()
}

fn key_of(datum: Datum) -> Option<Key> {
    Some(match datum {
        Datum::Bool(value) => Key::Bool(value),
        Datum::Int(number) => Key::Int(number),
        Datum::Uint(number) => Key::Uint(number),
        Datum::Text(text) => Key::Text(text),
        _ => return None,
    })
}

/// The same message with a little less in it, in every way there is.
pub(crate) fn smaller(set: &DescriptorSet<'_>, tree: &Tree) -> Vec<Tree> {
    let mut all = Vec::new();
    for (field, slot) in tree.slots() {
        if set.cardinality(&set[field]) != Cardinality::Required {
            all.push(with(set, tree, field, None));
        }
        let less: Vec<Slot> = match slot {
            Slot::One(Datum::Message(inner)) => {
                let inner = smaller(set, inner).into_iter();
                inner
                    .map(|less| Slot::One(Datum::Message(Box::new(less))))
                    .collect()
            }
            Slot::One(_) => Vec::new(),
            Slot::List(list) => (0..list.len())
                .flat_map(|at| {
                    let mut without = list.clone();
                    without.remove(at);
                    let mut less = vec![Slot::List(without)];
                    if let Datum::Message(inner) = &list[at] {
                        less.extend(smaller(set, inner).into_iter().map(|inner| {
                            let mut list = list.clone();
                            list[at] = Datum::Message(Box::new(inner));
                            Slot::List(list)
                        }));
                    }
                    less
                })
                .collect(),
            Slot::Map(map) => map
                .iter()
                .flat_map(|(key, datum)| {
                    let mut without = map.clone();
                    without.remove(key);
                    let mut less = vec![Slot::Map(without)];
                    if let Datum::Message(inner) = datum {
                        less.extend(smaller(set, inner).into_iter().map(|inner| {
                            let mut map = map.clone();
                            map.insert(key.clone(), Datum::Message(Box::new(inner)));
                            Slot::Map(map)
                        }));
                    }
                    less
                })
                .collect(),
        };
        all.extend(
            less.into_iter()
                .map(|slot| with(set, tree, field, Some(&slot))),
        );
    }
    all
}

fn with(
    set: &DescriptorSet<'_>,
    tree: &Tree,
    changed: compat::model::FieldId,
    slot: Option<&Slot>,
) -> Tree {
    let mut copy = Tree::new(tree.message());
    for (field, old) in tree.slots() {
        if field != changed {
            copy.set(set, field, old.clone());
        } else if let Some(slot) = slot {
            copy.set(set, field, slot.clone());
        }
    }
    copy
}
