//! Elements of every kind, paired.

use crate::found::Era;
use crate::model::ElementId;
use crate::pair::World;
use std::collections::HashMap;

/// Every two elements of one name, in files that changed.
pub(super) fn pairs(world: &World) -> Vec<(ElementId, ElementId)> {
    let (old, new) = (world.old, world.new);
    let mut pairs: Vec<(ElementId, ElementId)> = Vec::new();
    for file in world.files(Era::Old) {
        if let Some(twin) = world.file_twin(file.id) {
            if file.bytes == new[twin].bytes {
                continue;
            }
            pairs.push((file.id.into(), twin.into()));
        }
        for message in old.messages_of(file) {
            let Some(twin) = world.message_twin(message.id) else {
                continue;
            };
            pairs.push((message.id.into(), twin.into()));
            for field in old.fields_of(message) {
                if let Some(twin) = world.field_twin(field.id) {
                    pairs.push((field.id.into(), twin.into()));
                }
            }
            for oneof in old.oneofs_of(message) {
                if let Some(twin) = world.oneof_twin(oneof.id) {
                    pairs.push((oneof.id.into(), twin.into()));
                }
            }
        }
        for extension in old.extensions_of(file) {
            if let Some(twin) = world.field_twin(extension.id) {
                pairs.push((extension.id.into(), twin.into()));
            }
        }
        for each in old.enums_of(file) {
            let Some(twin) = world.enum_twin(each.id) else {
                continue;
            };
            pairs.push((each.id.into(), twin.into()));
            // By number and name: a number may have many names.
            let values = new.values_of(&new[twin]).iter();
            let values: HashMap<(i32, &str), _> = values
                .map(|value| ((value.number, value.name), value.id))
                .collect();
            for value in old.values_of(each) {
                if let Some(twin) = values.get(&(value.number, value.name)) {
                    pairs.push((value.id.into(), (*twin).into()));
                }
            }
        }
        for service in old.services_of(file) {
            let Some(twin) = world.service_twin(service.id) else {
                continue;
            };
            pairs.push((service.id.into(), twin.into()));
            for method in old.methods_of(service) {
                if let Some(twin) = world.method_twin(method.id) {
                    pairs.push((method.id.into(), twin.into()));
                }
            }
        }
    }
    pairs
}
