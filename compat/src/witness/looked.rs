//! What is asked of the messages of a set again and again: a witness of every
//! field of a message must not walk all its fields.

use super::codec::{default, is_list};
use crate::annotation::{Annotations, annotated};
use crate::model::{Cardinality, DescriptorSet, FieldId, MessageId};
use std::collections::HashMap;

/// Fields by what is asked of them.
pub(crate) struct Looked {
    by_number: HashMap<(MessageId, i32), FieldId>,
    required: HashMap<MessageId, Vec<FieldId>>,
    demanded: HashMap<MessageId, Vec<FieldId>>,
    defaulted: HashMap<MessageId, Vec<FieldId>>,
    extension: HashMap<MessageId, FieldId>,
}

impl Looked {
    /// Looks once.
    pub(crate) fn at(set: &DescriptorSet<'_>) -> Self {
        let mut looked = Looked {
            by_number: HashMap::new(),
            required: HashMap::new(),
            demanded: HashMap::new(),
            defaulted: HashMap::new(),
            extension: HashMap::new(),
        };
        let own = |extension: bool| {
            let fields = set.fields().iter();
            fields.filter(move |field| field.extendee.is_some() == extension)
        };
        for field in own(false) {
            let owner = set.owner(field);
            let number = (owner, field.number);
            looked.by_number.entry(number).or_insert(field.id);
            let must = set.cardinality(field) == Cardinality::Required;
            if must {
                looked.required.entry(owner).or_default().push(field.id);
            }
            if must || Annotations::of(set, field.id).required && annotated(set, set[owner].file) {
                looked.demanded.entry(owner).or_default().push(field.id);
            }
            let single = !is_list(field) && !field.kind.is_message();
            if single && !default(set, field).is_zero() {
                looked.defaulted.entry(owner).or_default().push(field.id);
            }
        }
        for field in own(true) {
            let owner = set.owner(field);
            if !set[owner].extension_ranges.is_empty() {
                let number = (owner, field.number);
                looked.by_number.entry(number).or_insert(field.id);
                looked.extension.entry(owner).or_insert(field.id);
            }
        }
        looked
    }

    fn of(map: &HashMap<MessageId, Vec<FieldId>>, message: MessageId) -> &[FieldId] {
        map.get(&message).map_or(&[], |fields| fields)
    }

    /// The field or extension of a number.
    pub(super) fn numbered(&self, message: MessageId, number: i32) -> Option<FieldId> {
        self.by_number.get(&(message, number)).copied()
    }

    /// The first extension of a message.
    pub(crate) fn extension(&self, message: MessageId) -> Option<FieldId> {
        self.extension.get(&message).copied()
    }

    /// The fields that the type itself requires.
    pub(super) fn required(&self, message: MessageId) -> &[FieldId] {
        Looked::of(&self.required, message)
    }

    /// The fields that the type or an annotation requires.
    pub(super) fn demanded(&self, message: MessageId) -> &[FieldId] {
        Looked::of(&self.demanded, message)
    }

    /// The fields of one value that read as something when they are unset.
    pub(super) fn defaulted(&self, message: MessageId) -> &[FieldId] {
        Looked::of(&self.defaulted, message)
    }
}
