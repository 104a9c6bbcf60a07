//! What an annotated package has gained.

use super::marks::elements;
use crate::annotation::packages;
use crate::found::Era;
use crate::model::{DescriptorSet, ElementId, Kind, Message, MessageId, Method, Scope, ServiceId};
use crate::pair::World;
use std::collections::HashSet;

/// An element that the old side does not have.
pub(super) struct Added {
    pub(super) element: ElementId,
    /// What it stands in came with it.
    pub(super) parent_is_new: bool,
    /// Its package came with it.
    pub(super) package_is_new: bool,
}

/// Every element that annotated packages have gained. What took the place of
/// something is not gained: a field or value with another number, a method
/// or message with another name. What becomes of those is told where they are
/// missed.
pub(super) fn added(world: &World) -> Vec<Added> {
    let annotated = packages(world.new);
    if annotated.is_empty() {
        return Vec::new();
    }
    let replaced = Replaced::new(world);
    let mut added = Vec::new();
    for file in world.files(Era::New) {
        if !annotated.contains(file.package) {
            continue;
        }
        let package_is_new = world.package(Era::Old, file.package).is_none();
        for (element, origin) in elements(world, file) {
            if origin.is_none() && !replaced.took_a_place(world, element) {
                added.push(Added {
                    element,
                    parent_is_new: parent_is_new(world, element),
                    package_is_new,
                });
            }
        }
    }
    added
}

fn parent_is_new(world: &World, element: ElementId) -> bool {
    let new = |message: MessageId| world.message_origin(message).is_none();
    match element {
        ElementId::Message(id) => world.new[id].parent.is_some_and(new),
        ElementId::Field(id) => match world.new[id].scope {
            Scope::Message(message) => new(message),
            Scope::File => false,
        },
        ElementId::Value(id) => world.enum_origin(world.new[id].parent).is_none(),
        _ => false,
    }
}

/// What is missed on the old side, as far as something new can take its place.
struct Replaced<'w> {
    /// The shapes of messages.
    messages: HashSet<Vec<(i32, &'w str, Kind)>>,
    /// Names of fields, by message.
    fields: HashSet<(MessageId, &'w str)>,
    /// Methods, by service and what they take and give.
    methods: HashSet<(ServiceId, Signature<'w>)>,
}

/// Request, response, and whether each is a stream.
type Signature<'w> = (&'w str, &'w str, bool, bool);

impl<'w> Replaced<'w> {
    fn new(world: &World<'w>) -> Self {
        let mut replaced = Replaced {
            messages: HashSet::new(),
            fields: HashSet::new(),
            methods: HashSet::new(),
        };
        let old = world.old;
        for file in world.files(Era::Old) {
            for message in old.messages_of(file) {
                if world.message_twin(message.id).is_none() {
                    replaced.messages.insert(shape(old, message));
                    continue;
                }
                let missed = old.fields_of(message).iter();
                let missed = missed.filter(|field| {
                    let twin = world.field_twin(field.id);
                    twin.is_none_or(|twin| world.new[twin].name != field.name)
                });
                replaced
                    .fields
                    .extend(missed.map(|field| (message.id, field.name)));
            }
            for service in old.services_of(file) {
                let missed = old.methods_of(service).iter();
                let missed = missed.filter(|method| world.method_twin(method.id).is_none());
                replaced
                    .methods
                    .extend(missed.map(|method| (service.id, signature(old, method))));
            }
        }
        // Messages without fields are all alike.
        replaced.messages.remove(&Vec::new());
        replaced
    }

    fn took_a_place(&self, world: &World, element: ElementId) -> bool {
        let new = world.new;
        match element {
            ElementId::Message(id) => self.messages.contains(&shape(new, &new[id])),
            ElementId::Field(id) => match new[id].scope {
                Scope::Message(message) if new[id].extendee.is_none() => world
                    .message_origin(message)
                    .is_some_and(|message| self.fields.contains(&(message, new[id].name))),
                _ => false,
            },
            ElementId::Method(id) => world
                .service_origin(new[id].service)
                .is_some_and(|service| {
                    let signature = signature(new, &new[id]);
                    self.methods.contains(&(service, signature))
                }),
            _ => false,
        }
    }
}

fn shape<'w>(set: &DescriptorSet<'w>, message: &Message<'_>) -> Vec<(i32, &'w str, Kind)> {
    let fields = set.fields_of(message).iter();
    let mut shape: Vec<_> = fields
        .map(|field| (field.number, field.name, field.kind))
        .collect();
    shape.sort_unstable_by_key(|(number, ..)| *number);
    shape
}

fn signature<'s>(set: &'s DescriptorSet<'_>, method: &Method<'_>) -> Signature<'s> {
    (
        set.message_name(method.input),
        set.message_name(method.output),
        method.client_streaming,
        method.server_streaming,
    )
}
