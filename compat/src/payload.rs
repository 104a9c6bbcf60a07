//! What is inside fields that do not name its type: `bytes`, and messages of
//! any type.

use crate::model::{DescriptorSet, ElementId, FieldId, MessageId};
use crate::pair::World;
use crate::policy::Payload;
use std::collections::BTreeMap;

/// What is inside which fields of one set.
#[derive(Default)]
pub(crate) struct Payloads<'p>(BTreeMap<FieldId, Vec<&'p Payload>>);

impl<'p> Payloads<'p> {
    /// Of the fields that have the names.
    pub(crate) fn of(set: &DescriptorSet<'_>, all: &'p [Payload]) -> Self {
        let mut payloads = Payloads::default();
        for payload in all {
            if let Some(field) = set.find_field(&payload.field) {
                payloads.put(field, payload);
            }
        }
        payloads
    }

    /// The same of both sides. One name is enough: a field that has another one
    /// on the other side holds there what it holds here.
    pub(crate) fn of_both(world: &World<'_>, all: &'p [Payload]) -> [Self; 2] {
        let [mut old, mut new] = [world.old, world.new].map(|set| Payloads::of(set, all));
        for payload in all {
            let before = world.old.find_field(&payload.field);
            let after = world.new.find_field(&payload.field);
            if let Some(twin) = before.and_then(|field| successor(world, field)) {
                new.put(twin, payload);
            }
            if let Some(origin) = after.and_then(|field| predecessor(world, field)) {
                old.put(origin, payload);
            }
        }
        [old, new]
    }

    fn put(&mut self, field: FieldId, payload: &'p Payload) {
        let there = self.0.entry(field).or_default();
        if !there.contains(&payload) {
            there.push(payload);
        }
    }

    /// What is inside one field.
    pub(crate) fn inside(&self, field: FieldId) -> impl Iterator<Item = &'p Payload> {
        self.0.get(&field).into_iter().flatten().copied()
    }

    /// Every field, and what is inside.
    pub(crate) fn all(&self) -> impl Iterator<Item = (FieldId, &'p Payload)> {
        let all = self.0.iter();
        all.flat_map(|(field, inside)| inside.iter().map(|payload| (*field, *payload)))
    }
}

/// The new field that an old one became, whatever it and its message are
/// called.
fn successor(world: &World, old: FieldId) -> Option<FieldId> {
    let twin = world.field_twin(old).or_else(|| world.moved_to(old));
    twin.or_else(|| {
        let field = &world.old[old];
        let owner = ElementId::from(world.old.owner(field));
        let mut renamed = world.shapes().renamed();
        let (_, message) = renamed.find(|(old, _)| *old == owner)?;
        numbered(world.new, message, field.number)
    })
}

/// The old field that a new one was, likewise.
fn predecessor(world: &World, new: FieldId) -> Option<FieldId> {
    let origin = world.field_origin(new).or_else(|| world.moved_from(new));
    origin.or_else(|| {
        let field = &world.new[new];
        let message = world.shapes().former_message(world.new.owner(field))?;
        numbered(world.old, message, field.number)
    })
}

fn numbered(set: &DescriptorSet<'_>, message: ElementId, number: i32) -> Option<FieldId> {
    let ElementId::Message(message) = message else {
        return None;
    };
    let mut fields = set.fields_of(&set[message]).iter();
    let same = fields.find(|field| field.number == number)?;
    Some(same.id)
}

/// The types of a list that only the old side has, and those that only the new
/// side has.
pub(crate) fn exchanged(world: &World, names: &[String]) -> [Vec<MessageId>; 2] {
    let only = |here: &DescriptorSet<'_>, there: &DescriptorSet<'_>| {
        let names = names.iter();
        let gone = names.filter(|name| there.find_message(name).is_none());
        gone.filter_map(|name| here.find_message(name)).collect()
    };
    [only(world.old, world.new), only(world.new, world.old)]
}

/// The type that took the place of another one inside `bytes`, which do not
/// name it: the only one of the list that came, where only one went.
pub(crate) fn renamed(world: &World, payload: &Payload) -> Option<(MessageId, MessageId)> {
    match exchanged(world, &payload.types) {
        [old, new] if old.len() == 1 && new.len() == 1 => Some((old[0], new[0])),
        _ => None,
    }
}
