//! Smallest legal values for what must be there.

use super::codec::{default, is_list, map_of};
use super::tree::{Datum, Key, Slot, Tree};
use crate::annotation::Annotations;
use crate::found::Era;
use crate::language::shared;
use crate::model::{DescriptorSet, Field, FieldId, MessageId, Target};
use crate::pair::World;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Fields that are filled at most: types that require one another multiply.
const FIELDS: u32 = 1000;

/// Sets what the type itself requires, else nobody could write the message.
pub(super) fn complete(set: &DescriptorSet<'_>, tree: Tree) -> Tree {
    Filler::new(set, None).fill(tree)
}

/// Sets what annotations require, too. The second answer names fields whose
/// value may not be taken, and what could not be filled.
pub(super) fn dressed(
    set: &DescriptorSet<'_>,
    tree: Tree,
    texts: &Texts<'_>,
) -> (Tree, BTreeSet<String>) {
    let mut filler = Filler::new(set, Some(texts));
    let tree = filler.fill(tree);
    (tree, filler.left_out)
}

/// Texts that the fields of a writer may hold, each looked for once: both sides
/// validate, and either may refuse.
pub(super) struct Texts<'w> {
    world: &'w World<'w>,
    writer: Era,
    known: RefCell<HashMap<FieldId, Option<String>>>,
}

impl<'w> Texts<'w> {
    pub(super) fn new(world: &'w World<'w>, writer: Era) -> Self {
        Texts {
            world,
            writer,
            known: RefCell::default(),
        }
    }

    /// A text that the patterns of both sides take and that is not too long for
    /// either; `None` where none is found.
    fn of(&self, field: FieldId) -> Option<String> {
        let mut known = self.known.borrow_mut();
        known
            .entry(field)
            .or_insert_with(|| self.find(field))
            .clone()
    }

    fn find(&self, field: FieldId) -> Option<String> {
        let world = self.world;
        let own = Annotations::of(world.set(self.writer), field);
        let twin = world.counterpart(self.writer, field.into());
        let twin = twin.map(|twin| Annotations::of(world.set(self.writer.other()), twin));
        let twin = twin.unwrap_or_default();
        let text = if own.pattern.is_none() && twin.pattern.is_none() {
            "x".to_owned()
        } else {
            shared(own.pattern, twin.pattern)?
        };
        let limits = [own.max_bytes, twin.max_bytes].into_iter().flatten();
        let most = limits.min().unwrap_or(u64::MAX);
        (text.len() as u64 <= most).then_some(text)
    }
}

struct Filler<'s> {
    set: &'s DescriptorSet<'s>,
    /// What annotations ask for of texts; `None` where nobody asks them.
    texts: Option<&'s Texts<'s>>,
    /// The messages that are being filled, one inside the other.
    open: Vec<MessageId>,
    left: u32,
    left_out: BTreeSet<String>,
}

impl<'s> Filler<'s> {
    fn new(set: &'s DescriptorSet<'s>, texts: Option<&'s Texts<'s>>) -> Self {
        Filler {
            set,
            texts,
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
        let wanted = if self.texts.is_some() {
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

    fn text(&mut self, field: &Field<'_>) -> String {
        let text = self.texts.and_then(|texts| texts.of(field.id));
        text.unwrap_or_else(|| {
            self.left_out.insert(self.set.full_name(field.id));
            "x".to_owned()
        })
    }

    /// The smallest value that is not zero: to an annotation, zero is absent.
    fn smallest(&mut self, field: &'s Field<'s>) -> Datum {
        let set = self.set;
        if self.texts.is_none() && !field.kind.is_message() {
            return default(set, field);
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
            (_, Datum::Text(_)) => Datum::Text(self.text(field).into_bytes()),
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
