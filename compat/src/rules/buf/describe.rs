//! How elements are called in messages.

use crate::model::{DescriptorSet, Field, Method};

/// `field 1 (a) of message M`, or the same of an extension.
pub(in crate::rules) fn field(set: &DescriptorSet<'_>, field: &Field<'_>) -> String {
    let number = field.number;
    let owner = set.owner(field);
    if field.extendee.is_some() {
        let (name, owner) = (set.full_name(field.id), set.message_name(owner));
        format!("extension {number} ({name}) of message {owner}")
    } else {
        let (name, owner) = (field.name, set[owner].name);
        format!("field {number} ({name}) of message {owner}")
    }
}

/// The same without the name.
pub(in crate::rules) fn nameless(set: &DescriptorSet<'_>, field: &Field<'_>) -> String {
    let number = field.number;
    let owner = set.owner(field);
    if field.extendee.is_some() {
        let owner = set.message_name(owner);
        format!("extension {number} of message {owner}")
    } else {
        let owner = set[owner].name;
        format!("field {number} of message {owner}")
    }
}

/// `method R of service S`.
pub(in crate::rules) fn method(set: &DescriptorSet<'_>, method: &Method<'_>) -> String {
    format!(
        "method {} of service {}",
        method.name, set[method.service].name
    )
}
