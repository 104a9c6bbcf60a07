//! Proof: the smallest message that shows what a change does, and what a
//! reader makes of it.
//!
//! A rule says with a [`Probe`] what should be written; [`Witnesses`] encodes
//! it as the writer's side would, decodes it as the other side would, and says
//! what was observed. Nothing is sent from here: a [`Reproducer`] carries a
//! witness to whoever can.

mod codec;
mod compare;
mod fill;
mod json;
mod looked;
mod probe;
mod replay;
mod reproducer;
mod route;
mod tree;

pub use codec::{DecodeError, Profile, decode, encode};
pub(crate) use looked::Looked;

pub use compare::compare;
pub use json::json;
pub use probe::{Probe, Sample};
pub use replay::{Call, FILE_BYTES, Heard, Likeness, find_method};
pub use reproducer::{Reproducer, SCHEMA, Seen, hex};
pub use route::{Route, Routes, wrap};
pub use tree::{Datum, Key, Slot, Tree};

use crate::effect::Effect;
use crate::found::{Era, Hit};
use crate::model::{DescriptorSet, ElementId, Field, MessageId, MethodId};
use crate::pair::World;
use codec::{default, is_list};
use fill::Texts;
use serde_json::Value;
use std::cell::OnceCell;

/// Bytes that show an effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// Who writes them.
    pub writer: Era,
    /// The full name of their type, as the writer calls it.
    pub message: String,
    /// The message alone.
    pub bytes: Vec<u8>,
    /// What the writer means.
    pub json: Value,
    /// How a method carries them, where one does.
    pub carried: Option<Carried>,
    /// What the reader sees under each profile; nothing where nobody reads: the
    /// method is unknown.
    pub reads: Vec<Reading>,
    /// The worst of these.
    pub effect: Effect,
}

/// A message inside the request or response of a method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The path of the method.
    pub rpc: String,
    /// In the request, else in the response.
    pub request: bool,
    /// The names of the fields from there to the message.
    pub path: Vec<String>,
    /// The whole request or response, with what its types require.
    pub bytes: Vec<u8>,
    /// The same with what annotations require.
    pub dressed: Vec<u8>,
    /// Fields of the dressed form that a validating receiver may still refuse:
    /// no text was found that their patterns take, or they require themselves.
    pub left_out: Vec<String>,
}

impl Carried {
    /// `request` or `response`.
    pub fn carrier(&self) -> &'static str {
        if self.request { "request" } else { "response" }
    }
}

/// What one profile makes of a witness.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The profile.
    pub profile: Profile,
    /// What it reads.
    pub outcome: Outcome,
    /// What that means for the value.
    pub effect: Effect,
}

/// What a reader answers to bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// A message, and what it keeps as unknown.
    Read {
        /// The message.
        json: Value,
        /// Its unknown fields; those of inner messages are theirs.
        unknown: Vec<u8>,
    },
    /// None.
    Refused(DecodeError),
}

/// Makes witnesses for one world.
pub struct Witnesses<'w> {
    world: &'w World<'w>,
    routes: [OnceCell<Routes>; 2],
    texts: [Texts<'w>; 2],
}

impl<'w> Witnesses<'w> {
    /// For the changes between two sides.
    pub fn new(world: &'w World<'w>) -> Self {
        Witnesses {
            world,
            routes: [OnceCell::new(), OnceCell::new()],
            texts: [Era::Old, Era::New].map(|writer| Texts::new(world, writer)),
        }
    }

    /// What shows the effects of a hit, where something does.
    pub fn shown(&self, hit: &Hit) -> Option<Witness> {
        match (&hit.probe, hit.call) {
            (Some(probe), _) => self.of(probe),
            (None, Some((caller, method))) => self.call(caller, method),
            (None, None) => None,
        }
    }

    /// Writes a probe and reads it on the other side. `None` where the writer
    /// cannot write it or the reader has no such message.
    pub fn of(&self, probe: &Probe) -> Option<Witness> {
        let writer = probe.writer;
        let set = self.world.set(writer);
        let written = probe::build(set, probe.message, &probe.fields)?;
        let written = fill::complete(set, written);
        let bytes = encode(set, &written);
        let meant = if probe::is_raw(&probe.fields) {
            decode(set, probe.message, &bytes, Profile::Spec).ok()?
        } else {
            written.clone()
        };
        let reader = match (probe.reader, writer) {
            (Some(reader), _) => reader,
            (None, Era::Old) => self.world.message_twin(probe.message)?,
            (None, Era::New) => self.world.message_origin(probe.message)?,
        };
        let reads = Profile::ALL.map(|profile| self.read(probe, &meant, &bytes, reader, profile));
        Some(Witness {
            writer,
            message: set.full_name(ElementId::Message(probe.message)),
            json: unset_too(
                json(set, &meant),
                set,
                &meant,
                probe.unset().map(|id| &set[id]),
            ),
            carried: self
                .route(writer, probe.message)
                .map(|route| self.carried(writer, &route, &written, &bytes)),
            effect: if probe.refused {
                Effect::Rejected
            } else {
                reads.iter().map(|read| read.effect).max()?
            },
            reads: reads.into(),
            bytes,
        })
    }

    /// The smallest call of a method that the other side does not serve. `None`
    /// where it does.
    pub fn call(&self, caller: Era, method: MethodId) -> Option<Witness> {
        let (set, there) = (self.world.set(caller), self.world.set(caller.other()));
        let wanted = &set[method];
        let service = there.find_service(set.service_name(wanted.service));
        let mut served = service.iter().flat_map(|id| there.methods_of(&there[*id]));
        if served.any(|method| method.name == wanted.name) {
            return None;
        }
        let request = fill::complete(set, Tree::new(wanted.input));
        let route = Route {
            method,
            request: true,
            fields: Vec::new(),
        };
        let bytes = encode(set, &request);
        Some(Witness {
            writer: caller,
            message: set.full_name(ElementId::Message(wanted.input)),
            json: json(set, &request),
            carried: Some(self.carried(caller, &route, &request, &bytes)),
            reads: Vec::new(),
            effect: Effect::Rejected,
            bytes,
        })
    }

    fn read(
        &self,
        probe: &Probe,
        meant: &Tree,
        bytes: &[u8],
        reader: MessageId,
        profile: Profile,
    ) -> Reading {
        let writer = probe.writer;
        let (from, set) = (self.world.set(writer), self.world.set(writer.other()));
        let (outcome, effect) = match decode(set, reader, bytes, profile) {
            Err(error) => (Outcome::Refused(error), Effect::Rejected),
            Ok(read) => {
                let effect = compare(self.world, writer, meant, &read);
                let fields = set.fields_of(&set[reader]);
                let twins = probe.unset().filter_map(|id| {
                    let mut fields = fields.iter();
                    fields.find(|field| field.number == from[id].number)
                });
                let json = unset_too(json(set, &read), set, &read, twins);
                let unknown = read.unknown;
                (Outcome::Read { json, unknown }, effect)
            }
        };
        Reading {
            profile,
            outcome,
            effect,
        }
    }

    fn carried(&self, writer: Era, route: &Route, written: &Tree, bytes: &[u8]) -> Carried {
        let (set, texts) = (self.world.set(writer), &self.texts[writer as usize]);
        let (inner, mut left_out) = fill::dressed(set, written.clone(), texts);
        let (dressed, missing) = route.dress(set, encode(set, &inner), texts);
        left_out.extend(missing);
        let fields = route.fields.iter();
        Carried {
            rpc: route.path(set),
            request: route.request,
            path: fields.map(|field| set[*field].name.to_owned()).collect(),
            bytes: route.embed(set, bytes.to_vec()),
            dressed,
            left_out: left_out.into_iter().collect(),
        }
    }

    fn route(&self, writer: Era, message: MessageId) -> Option<Route> {
        let routes = self.routes[writer as usize].get_or_init(|| Routes::new(self.world, writer));
        routes.to(self.world.set(writer), message)
    }
}

/// Adds what the unset ones of some fields read as.
fn unset_too<'f>(
    json: Value,
    set: &DescriptorSet<'_>,
    tree: &Tree,
    fields: impl Iterator<Item = &'f Field<'f>>,
) -> Value {
    let Value::Object(mut object) = json else {
        return json;
    };
    for field in fields {
        if tree.get(set, field.id).is_none() && !is_list(field) && !field.kind.is_message() {
            let value = json::one(set, field, &default(set, field));
            object.insert(field.name.to_owned(), value);
        }
    }
    Value::Object(object)
}

/// Writes one probe and reads it on the other side.
pub fn witness(world: &World<'_>, probe: &Probe) -> Option<Witness> {
    Witnesses::new(world).of(probe)
}
