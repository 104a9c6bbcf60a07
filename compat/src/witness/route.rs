//! The way from a method to a message inside its request or response.

use super::codec::{Wire, encode, framed};
use super::fill::{self, Texts};
use super::tree::Tree;
use crate::found::Era;
use crate::model::{DescriptorSet, Field, FieldId, Kind, MessageId, MethodId, Target};
use crate::pair::World;
use crate::payload::Payloads;
use crate::policy::PayloadFormat;
use std::collections::{BTreeSet, VecDeque};

/// Where a message travels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The method.
    pub method: MethodId,
    /// In the request, else in the response.
    pub request: bool,
    /// The fields from there to the message; of a map, the field and the value
    /// of its entry.
    pub fields: Vec<FieldId>,
}

impl Route {
    /// The path of the method: `/package.Service/Method`.
    pub fn path(&self, set: &DescriptorSet<'_>) -> String {
        let method = &set[self.method];
        format!("/{}/{}", set.service_name(method.service), method.name)
    }

    /// The type of the request or response.
    pub fn root(&self, set: &DescriptorSet<'_>) -> MessageId {
        let method = &set[self.method];
        if self.request {
            method.input
        } else {
            method.output
        }
    }

    /// The bytes of a message inside its request or response, with what the
    /// types on the way require.
    pub fn embed(&self, set: &DescriptorSet<'_>, bytes: Vec<u8>) -> Vec<u8> {
        self.wrapped(set, bytes, |empty| fill::complete(set, empty))
    }

    /// The same with what the annotations on the way require; the answer names
    /// what may not suffice.
    pub(super) fn dress(
        &self,
        set: &DescriptorSet<'_>,
        bytes: Vec<u8>,
        texts: &Texts<'_>,
    ) -> (Vec<u8>, BTreeSet<String>) {
        let mut left_out = BTreeSet::new();
        let bytes = self.wrapped(set, bytes, |empty| {
            let (tree, missing) = fill::dressed(set, empty, texts);
            left_out.extend(missing);
            tree
        });
        // The messages on the way take the place of filled ones.
        for id in &self.fields {
            left_out.remove(&set.full_name(*id));
        }
        (bytes, left_out)
    }

    fn wrapped(
        &self,
        set: &DescriptorSet<'_>,
        bytes: Vec<u8>,
        mut fill: impl FnMut(Tree) -> Tree,
    ) -> Vec<u8> {
        let mut inner = bytes;
        for &id in self.fields.iter().rev() {
            let field = &set[id];
            let mut around = fill(Tree::new(set.owner(field)));
            around.take(set, id);
            let mut outer = encode(set, &around);
            framed(field, Wire::of(field.kind), &inner, &mut outer);
            inner = outer;
        }
        inner
    }
}

/// One step of the way: from a method, or from a message through a field.
#[derive(Clone, Copy)]
enum Step {
    Method(MethodId, bool),
    Field(FieldId),
}

/// The shortest ways to all messages of one side.
pub struct Routes {
    /// Along what both sides have.
    shared: Vec<Option<Step>>,
    /// Along what this side has.
    own: Vec<Option<Step>>,
}

impl Routes {
    /// Finds the ways of one side of a world.
    pub fn new(world: &World<'_>, era: Era) -> Self {
        let set = world.set(era);
        let payloads = &Payloads::of_both(world, world.occasion.payload)[era as usize];
        let inside = |field: &Field<'_>| {
            let payloads = payloads.inside(field.id);
            // An `Any` has a message around what it holds, and JSON is no bytes.
            let plain = payloads.filter(|payload| {
                payload.format == PayloadFormat::Binary && field.kind == Kind::Bytes
            });
            let types = plain.flat_map(|payload| &payload.types);
            types
                .filter_map(|name| set.find_message(name))
                .collect::<Vec<_>>()
        };
        let both = |method: MethodId| match era {
            Era::Old => world.method_twin(method).is_some(),
            Era::New => world.method_origin(method).is_some(),
        };
        // By number: the types along the way may have other names there.
        let through = |field: FieldId| {
            let paired = match era {
                Era::Old => world.field_twin(field).is_some(),
                Era::New => world.field_origin(field).is_some(),
            };
            let owner = set.owner(&set[field]);
            let owner_paired = match era {
                Era::Old => world.message_twin(owner).is_some(),
                Era::New => world.message_origin(owner).is_some(),
            };
            paired || !owner_paired
        };
        Routes {
            shared: steps(set, both, through, inside),
            own: steps(set, |_| true, |_| true, inside),
        }
    }

    /// The shortest way to a message; one that the other side has, if there is
    /// one.
    pub fn to(&self, set: &DescriptorSet<'_>, message: MessageId) -> Option<Route> {
        follow(&self.shared, set, message).or_else(|| follow(&self.own, set, message))
    }
}

/// The shortest way from a method to a message.
pub fn wrap(world: &World<'_>, era: Era, message: MessageId) -> Option<Route> {
    Routes::new(world, era).to(world.set(era), message)
}

fn steps(
    set: &DescriptorSet<'_>,
    from: impl Fn(MethodId) -> bool,
    through: impl Fn(FieldId) -> bool,
    inside: impl Fn(&Field<'_>) -> Vec<MessageId>,
) -> Vec<Option<Step>> {
    let mut steps = vec![None; set.messages().len()];
    let mut queue = VecDeque::new();
    for method in set.methods() {
        for (message, request) in [(method.input, true), (method.output, false)] {
            if steps[message.index()].is_none() && from(method.id) {
                steps[message.index()] = Some(Step::Method(method.id, request));
                queue.push_back(message);
            }
        }
    }
    while let Some(message) = queue.pop_front() {
        for field in set.fields_of(&set[message]) {
            let held = match field.target {
                Target::Message(inner) => vec![inner],
                _ => inside(field),
            };
            for inner in held {
                if steps[inner.index()].is_none() && through(field.id) {
                    steps[inner.index()] = Some(Step::Field(field.id));
                    queue.push_back(inner);
                }
            }
        }
    }
    steps
}

fn follow(steps: &[Option<Step>], set: &DescriptorSet<'_>, message: MessageId) -> Option<Route> {
    let mut fields = Vec::new();
    let mut at = message;
    loop {
        match steps[at.index()]? {
            Step::Field(id) => {
                fields.push(id);
                at = set.owner(&set[id]);
            }
            Step::Method(method, request) => {
                fields.reverse();
                return Some(Route {
                    method,
                    request,
                    fields,
                });
            }
        }
    }
}
