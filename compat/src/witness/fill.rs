//! Smallest legal values for what must be there.

use super::codec::{default, is_list, map_of};
use super::tree::{Datum, Key, Slot, Tree};
use crate::annotation::Annotations;
use crate::model::{DescriptorSet, Field, FieldId, MessageId, Target};
use std::collections::{BTreeMap, BTreeSet};

/// Fields that are filled at most: types that require one another multiply.
const FIELDS: u32 = 1000;

/// Sets what the type itself requires, else nobody could write the message.
pub(super) fn complete(set: &DescriptorSet<'_>, tree: Tree) -> Tree {
    Filler::new(set, false).fill(tree)
}

/// Sets what annotations require, too. The second answer names fields whose
/// pattern the value may not match, and what could not be filled.
pub(super) fn dressed(set: &DescriptorSet<'_>, tree: Tree) -> (Tree, BTreeSet<String>) {
    let mut filler = Filler::new(set, true);
    let tree = filler.fill(tree);
    (tree, filler.left_out)
}

struct Filler<'s> {
    set: &'s DescriptorSet<'s>,
    annotations: bool,
    /// The messages that are being filled, one inside the other.
    open: Vec<MessageId>,
    left: u32,
    left_out: BTreeSet<String>,
}

impl<'s> Filler<'s> {
    fn new(set: &'s DescriptorSet<'s>, annotations: bool) -> Self {
        Filler {
            set,
            annotations,
            open: Vec::new(),
            left: FIELDS,
            left_out: BTreeSet::new(),
        }
    }

    fn fill(&mut self, mut tree: Tree) -> Tree {
        let set = self.set;
        let message = &set[tree.message()];
        self.open.push(message.id);
        // What is there may lack something inside.
        let present: Vec<FieldId> = tree.slots().map(|(field, _)| field).collect();
        for field in present {
            let slot = tree.take(set, field).expect("it is there");
            let slot = match slot {
                Slot::One(datum) => Slot::One(self.inside(datum)),
                Slot::List(list) => {
                    Slot::List(list.into_iter().map(|datum| self.inside(datum)).collect())
                }
                Slot::Map(map) => {
                    let entries = map.into_iter();
                    let filled = entries.map(|(key, datum)| (key, self.inside(datum)));
                    Slot::Map(filled.collect())
                }
            };
            tree.set(set, field, slot);
        }
        let wanted = if self.annotations {
            set.looked().demanded(message.id)
        } else {
            set.looked().required(message.id)
        };
        for &field in wanted {
            if tree.get(set, field).is_none() {
                self.put(&mut tree, &set[field]);
            }
        }
        self.open.pop();
        tree
    }

    fn inside(&mut self, datum: Datum) -> Datum {
        match datum {
            Datum::Message(inner) => Datum::Message(Box::new(self.fill(*inner))),
            scalar => scalar,
        }
    }

    fn put(&mut self, tree: &mut Tree, field: &'s Field<'s>) {
        let set = self.set;
        let Some(left) = self.left.checked_sub(1) else {
            self.left_out.insert(set.full_name(field.id));
            return;
        };
        self.left = left;
        let slot = if let Some((key, value)) = map_of(set, field) {
            let key = Key::of(self.smallest(&set[key]));
            Slot::Map(BTreeMap::from([(key, self.smallest(&set[value]))]))
        } else if is_list(field) {
            Slot::List(vec![self.smallest(field)])
        } else {
            Slot::One(self.smallest(field))
        };
        tree.set(set, field.id, slot);
    }

    /// The smallest value that is not zero: to an annotation, zero is absent.
    fn smallest(&mut self, field: &'s Field<'s>) -> Datum {
        let set = self.set;
        if !self.annotations && !field.kind.is_message() {
            return default(set, field);
        }
        if self.annotations && Annotations::of(set, field.id).pattern.is_some() {
            self.left_out.insert(set.full_name(field.id));
        }
        match (field.target, default(set, field)) {
            (_, Datum::Message(empty)) if self.open.contains(&empty.message()) => {
                // It requires itself without an end.
                self.left_out.insert(set.full_name(field.id));
                Datum::Message(empty)
            }
            (_, Datum::Message(empty)) => Datum::Message(Box::new(self.fill(*empty))),
            (_, Datum::Int(_)) => Datum::Int(1),
            (_, Datum::Uint(_)) => Datum::Uint(1),
            (_, Datum::Bool(_)) => Datum::Bool(true),
            (_, Datum::Float(_)) => Datum::Float(1f32.to_bits()),
            (_, Datum::Double(_)) => Datum::Double(1f64.to_bits()),
            (_, Datum::Text(_)) => Datum::Text(b"x".to_vec()),
            (_, Datum::Bytes(_)) => Datum::Bytes(b"x".to_vec()),
            (Target::Enum(id), Datum::Enum(zero)) => {
                let mut values = set.values_of(&set[id]).iter();
                let named = values.find(|value| value.number != 0);
                Datum::Enum(named.map_or(zero, |value| value.number))
            }
            (_, other) => other,
        }
    }
}
