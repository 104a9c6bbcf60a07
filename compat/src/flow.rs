//! Which way messages travel: from the host to the plugin, back, both or
//! neither.
//!
//! Roots are the methods of the services, with who implements them. Labels
//! spread from there through fields, map values, oneofs, extensions and
//! declared payloads until nothing changes. What no label reaches is not on
//! the wire. What is inside a payload of JSON travels as that, and what it
//! holds does.

use crate::effect::{Effect, Effects};
use crate::found::{Era, Hit};
use crate::model::{DescriptorSet, ElementId, FieldId, FileId, MessageId, ServiceId, Target};
use crate::pair::World;
use crate::payload::Payloads;
use crate::policy::{PayloadFormat, Policy, Quadrant, Side};
use std::collections::HashMap;
use std::ops::{BitAnd, BitOr, BitOrAssign};

/// The ways something travels: a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Flow(u8);

impl Flow {
    /// Not at all.
    pub const NONE: Flow = Flow(0);
    /// From the host to the plugin.
    pub const HOST_TO_PLUGIN: Flow = Flow(1);
    /// From the plugin to the host.
    pub const PLUGIN_TO_HOST: Flow = Flow(2);
    /// Both ways.
    pub const BOTH: Flow = Flow(3);

    /// Whether nothing travels.
    pub fn is_none(self) -> bool {
        self == Flow::NONE
    }

    /// Whether all of another set is in this one.
    pub fn holds(self, other: Flow) -> bool {
        self & other == other
    }

    /// The ways, by their names in reports.
    pub fn names(self) -> Vec<&'static str> {
        [
            (Flow::HOST_TO_PLUGIN, "host-to-plugin"),
            (Flow::PLUGIN_TO_HOST, "plugin-to-host"),
        ]
        .into_iter()
        .filter(|(way, _)| self.holds(*way))
        .map(|(_, name)| name)
        .collect()
    }

    fn reversed(self) -> Flow {
        Flow((self.0 & 1) << 1 | self.0 >> 1)
    }

    /// The worst that a pair of versions sees of a change on these ways.
    pub fn seen(self, effects: Effects, quadrant: Quadrant) -> Effect {
        let (down, up) = match quadrant {
            Quadrant::HostNewer => (effects.new_to_old, effects.old_to_new),
            Quadrant::PluginNewer => (effects.old_to_new, effects.new_to_old),
        };
        let on = |way, effect| {
            if self.holds(way) {
                effect
            } else {
                Effect::Same
            }
        };
        on(Flow::HOST_TO_PLUGIN, down).max(on(Flow::PLUGIN_TO_HOST, up))
    }
}

impl BitOr for Flow {
    type Output = Flow;
    fn bitor(self, other: Flow) -> Flow {
        Flow(self.0 | other.0)
    }
}

impl BitOrAssign for Flow {
    fn bitor_assign(&mut self, other: Flow) {
        *self = *self | other;
    }
}

impl BitAnd for Flow {
    type Output = Flow;
    fn bitand(self, other: Flow) -> Flow {
        Flow(self.0 & other.0)
    }
}

/// The ways of everything in one set.
#[derive(Debug)]
pub struct Flows {
    /// As protobuf writes it, and as its JSON.
    written: [Labels; 2],
    /// Of the requests of a service's methods.
    services: Vec<Flow>,
}

/// The ways of what is written in one format.
#[derive(Debug)]
struct Labels {
    messages: Vec<Flow>,
    enums: Vec<Flow>,
    files: Vec<Flow>,
}

impl Labels {
    fn none(set: &DescriptorSet<'_>) -> Self {
        Labels {
            messages: vec![Flow::NONE; set.messages().len()],
            enums: vec![Flow::NONE; set.enums().len()],
            files: vec![Flow::NONE; set.files().len()],
        }
    }
}

impl Flows {
    /// Follows what travels in those files of a set that take part.
    pub fn of(
        set: &DescriptorSet<'_>,
        policy: &Policy,
        takes_part: impl Fn(FileId) -> bool,
    ) -> Flows {
        let roots = if is_served(set, &takes_part) {
            Roots::Services
        } else {
            Roots::Everything
        };
        let payloads = Payloads::of(set, &policy.payload);
        Flows::from(set, policy, &takes_part, roots, &payloads)
    }

    /// The same of both sides of a world. Where only one of them has services,
    /// the other's messages travel in ways that nobody declared, and go on
    /// doing so: everything counts on both.
    pub fn of_both(world: &World<'_>, policy: &Policy) -> [Flows; 2] {
        let sides = [Era::Old, Era::New];
        let served = |era: Era| is_served(world.set(era), &|file| world.judges(era, file));
        let roots = if sides.into_iter().all(served) {
            Roots::Services
        } else {
            Roots::Everything
        };
        Flows::both_from(world, policy, roots)
    }

    /// The same, where nothing is assumed: from the services that somebody is
    /// declared to implement.
    pub fn declared(world: &World<'_>, policy: &Policy) -> [Flows; 2] {
        Flows::both_from(world, policy, Roots::Declared)
    }

    fn both_from(world: &World<'_>, policy: &Policy, roots: Roots) -> [Flows; 2] {
        let payloads = Payloads::of_both(world, &policy.payload);
        [Era::Old, Era::New].map(|era| {
            let takes_part = |file| world.judges(era, file);
            let payloads = &payloads[era as usize];
            Flows::from(world.set(era), policy, &takes_part, roots, payloads)
        })
    }

    fn from(
        set: &DescriptorSet<'_>,
        policy: &Policy,
        takes_part: &dyn Fn(FileId) -> bool,
        roots: Roots,
        payloads: &Payloads<'_>,
    ) -> Flows {
        let mut spread = Spread {
            flows: Flows {
                written: [Labels::none(set), Labels::none(set)],
                services: vec![Flow::NONE; set.services().len()],
            },
            waiting: Vec::new(),
        };
        spread.start(set, policy, takes_part, roots);
        spread.run(set, payloads);
        let mut flows = spread.flows;
        for labels in &mut flows.written {
            for message in set.messages() {
                labels.files[message.file.index()] |= labels.messages[message.id.index()];
            }
            for each in set.enums() {
                labels.files[each.file.index()] |= labels.enums[each.id.index()];
            }
        }
        let [binary, _] = &mut flows.written;
        for service in set.services() {
            binary.files[service.file.index()] |= flows.services[service.id.index()];
        }
        flows
    }

    /// The ways of one element, however it is written.
    pub fn get(&self, set: &DescriptorSet<'_>, element: ElementId) -> Flow {
        let written = [PayloadFormat::Binary, PayloadFormat::Json];
        let [binary, json] = written.map(|format| self.written(set, element, format));
        binary | json
    }

    /// The ways of one element in one format. A service and its methods travel
    /// as their requests do: from the caller to who implements them.
    fn written(&self, set: &DescriptorSet<'_>, element: ElementId, format: PayloadFormat) -> Flow {
        let labels = &self.written[format as usize];
        let service = |id: ServiceId| match format {
            PayloadFormat::Binary => self.services[id.index()],
            PayloadFormat::Json => Flow::NONE,
        };
        match element {
            ElementId::File(id) => labels.files[id.index()],
            ElementId::Message(id) => labels.messages[id.index()],
            ElementId::Field(id) => labels.messages[set.owner(&set[id]).index()],
            ElementId::Oneof(id) => labels.messages[set[id].message.index()],
            ElementId::Enum(id) => labels.enums[id.index()],
            ElementId::Value(id) => labels.enums[set[id].parent.index()],
            ElementId::Service(id) => service(id),
            ElementId::Method(id) => service(set[id].service),
        }
    }
}

/// Where labels start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Roots {
    /// At the methods of services.
    Services,
    /// At those of services with a declared implementer.
    Declared,
    /// At every message.
    Everything,
}

/// Whether a set has a service that takes part.
fn is_served(set: &DescriptorSet<'_>, takes_part: &dyn Fn(FileId) -> bool) -> bool {
    let mut services = set.services().iter();
    services.any(|service| takes_part(service.file))
}

struct Spread {
    flows: Flows,
    waiting: Vec<(MessageId, PayloadFormat)>,
}

impl Spread {
    fn start(
        &mut self,
        set: &DescriptorSet<'_>,
        policy: &Policy,
        takes_part: &dyn Fn(FileId) -> bool,
        roots: Roots,
    ) {
        let binary = PayloadFormat::Binary;
        for service in set.services() {
            if !takes_part(service.file) {
                continue;
            }
            let request = match policy.implementer.get(set.service_name(service.id)) {
                Some(Side::Plugin) => Flow::HOST_TO_PLUGIN,
                Some(Side::Host) => Flow::PLUGIN_TO_HOST,
                None if roots == Roots::Declared => continue,
                None => Flow::BOTH,
            };
            self.flows.services[service.id.index()] = request;
            for method in set.methods_of(service) {
                self.reach(method.input, binary, request);
                self.reach(method.output, binary, request.reversed());
            }
        }
        if roots == Roots::Everything {
            for message in set.messages() {
                if takes_part(message.file) {
                    self.reach(message.id, binary, Flow::BOTH);
                }
            }
            // An enum that no field holds is read by nobody.
        }
        for name in &policy.status_details {
            if let Some(message) = set.find_message(name) {
                self.reach(message, binary, Flow::PLUGIN_TO_HOST);
            }
        }
    }

    fn reach(&mut self, message: MessageId, format: PayloadFormat, flow: Flow) {
        let label = &mut self.flows.written[format as usize].messages[message.index()];
        if !label.holds(flow) {
            *label |= flow;
            self.waiting.push((message, format));
        }
    }

    fn run(&mut self, set: &DescriptorSet<'_>, payloads: &Payloads<'_>) {
        let mut extensions: HashMap<MessageId, Vec<FieldId>> = HashMap::new();
        for field in set.fields() {
            if let Some(extendee) = field.extendee {
                extensions.entry(extendee).or_default().push(field.id);
            }
        }
        while let Some((message, format)) = self.waiting.pop() {
            let labels = &mut self.flows.written[format as usize];
            let flow = labels.messages[message.index()];
            let own = set.fields_of(&set[message]).iter();
            let more = extensions.get(&message).into_iter().flatten();
            for field in own.chain(more.map(|id| &set[*id])) {
                match field.target {
                    Target::Scalar => {}
                    Target::Message(target) => self.reach(target, format, flow),
                    Target::Enum(target) => {
                        self.flows.written[format as usize].enums[target.index()] |= flow;
                    }
                }
                for payload in payloads.inside(field.id) {
                    // An `Any` in JSON holds JSON.
                    let inside = if set.holds_any(field) {
                        format
                    } else {
                        payload.format
                    };
                    let types = payload.types.iter();
                    for held in types.filter_map(|name| set.find_message(name)) {
                        self.reach(held, inside, flow);
                    }
                }
            }
        }
    }
}

/// The ways of one thing by how it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Travel {
    /// As protobuf writes it.
    pub binary: Flow,
    /// As its JSON.
    pub json: Flow,
}

impl Travel {
    /// Whether it is never written as protobuf.
    pub fn is_json_alone(self) -> bool {
        self.binary.is_none() && !self.json.is_none()
    }

    /// However it is written.
    pub fn all(self) -> Flow {
        self.binary | self.json
    }
}

/// The ways of both sides, and of what was found between them.
pub struct Ways<'w> {
    world: &'w World<'w>,
    old: &'w Flows,
    new: &'w Flows,
}

impl<'w> Ways<'w> {
    /// Over the flows of both sides.
    pub fn new(world: &'w World<'w>, old: &'w Flows, new: &'w Flows) -> Self {
        Ways { world, old, new }
    }

    /// The ways of what a hit is about, as protobuf and as its JSON.
    pub fn of(&self, hit: &Hit) -> Travel {
        Travel {
            binary: self.written(hit, PayloadFormat::Binary),
            json: self.written(hit, PayloadFormat::Json),
        }
    }

    /// Of what both versions have, the ways on which both exchange it; of the
    /// rest, those of the side that has it.
    fn written(&self, hit: &Hit, format: PayloadFormat) -> Flow {
        let (world, element) = (self.world, hit.element);
        let counterpart = counterpart(world, hit.era, element);
        let (old, new) = match hit.era {
            Era::Old => (Some(element), counterpart),
            Era::New => (counterpart, Some(element)),
        };
        let old = old.map(|element| self.old.written(world.old, element, format));
        let new = new.map(|element| self.new.written(world.new, element, format));
        let flow = match (old, new) {
            (Some(old), Some(new)) => old & new,
            (Some(flow), None) | (None, Some(flow)) => flow,
            (None, None) => Flow::NONE,
        };
        if is_about_response(world, hit) {
            flow.reversed()
        } else {
            flow
        }
    }
}

/// Whether a hit on a method points at the type of its responses.
fn is_about_response(world: &World, hit: &Hit) -> bool {
    let ElementId::Method(_) = hit.element else {
        return false;
    };
    let Some(first) = hit.spot.as_ref().and_then(|spot| spot.tries.first()) else {
        return false;
    };
    let mut response = world.set(hit.era).source_path(hit.element);
    response.push(3);
    hit.era == Era::New && *first == response
}

/// What an element of one side is on the other. Of a member: what its container
/// is, for that is what both versions exchange.
fn counterpart(world: &World, era: Era, element: ElementId) -> Option<ElementId> {
    let set = world.set(era);
    let whole = match element {
        ElementId::Field(id) => set.owner(&set[id]).into(),
        ElementId::Oneof(id) => set[id].message.into(),
        ElementId::Value(id) => set[id].parent.into(),
        ElementId::Method(id) => set[id].service.into(),
        whole => whole,
    };
    world.counterpart(era, whole)
}
