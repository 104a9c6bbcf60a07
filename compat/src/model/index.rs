//! Elements by full name.

use super::{EnumId, FieldId, MessageId, ServiceId};
use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// An element that has a full name of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is explained at its id")]
pub enum Named {
    Message(MessageId),
    Enum(EnumId),
    Service(ServiceId),
    Extension(FieldId),
}

/// Full names in one text, and a table over them. The hash is keyed at random:
/// names come from strangers.
pub(crate) struct Names {
    text: String,
    table: HashTable<((u32, u32), Named)>,
    hasher: RandomState,
}

/// Bytes of all full names of one set: nesting multiplies them.
const TEXT: usize = 256 << 20;

impl Names {
    pub(super) fn new() -> Self {
        Names {
            text: String::new(),
            table: HashTable::new(),
            hasher: RandomState::new(),
        }
    }

    pub(crate) fn text(&self, (start, end): (u32, u32)) -> &str {
        &self.text[start as usize..end as usize]
    }

    /// Appends `outer.name`; `None` where the texts grow too long.
    pub(super) fn push(&mut self, outer: &str, name: &str) -> Option<(u32, u32)> {
        self.grow(name.len() + outer.len())?;
        let start = self.text.len();
        self.text.push_str(outer);
        Some(self.close(start, name))
    }

    /// The same, below a name that stands here already.
    pub(super) fn push_inside(&mut self, outer: (u32, u32), name: &str) -> Option<(u32, u32)> {
        self.grow(name.len() + (outer.1 - outer.0) as usize)?;
        let start = self.text.len();
        self.text
            .extend_from_within(outer.0 as usize..outer.1 as usize);
        Some(self.close(start, name))
    }

    fn grow(&self, more: usize) -> Option<()> {
        (self.text.len() + more < TEXT).then_some(())
    }

    fn close(&mut self, start: usize, name: &str) -> (u32, u32) {
        if self.text.len() > start {
            self.text.push('.');
        }
        self.text.push_str(name);
        let end = self.text.len();
        let short = |at| u32::try_from(at).expect("the text is bounded");
        (short(start), short(end))
    }

    /// False where the name is taken.
    pub(super) fn insert(&mut self, name: (u32, u32), named: Named) -> bool {
        let text = self.text(name);
        let hash = self.hasher.hash_one(text);
        if self
            .table
            .find(hash, |(other, _)| self.text(*other) == text)
            .is_some()
        {
            return false;
        }
        let (text, hasher) = (&self.text, &self.hasher);
        self.table.insert_unique(hash, (name, named), |(name, _)| {
            hasher.hash_one(&text[name.0 as usize..name.1 as usize])
        });
        true
    }

    pub(crate) fn get(&self, name: &str) -> Option<Named> {
        let hash = self.hasher.hash_one(name);
        self.table
            .find(hash, |(other, _)| self.text(*other) == name)
            .map(|(_, named)| *named)
    }
}

impl super::DescriptorSet<'_> {
    /// The message, enum, service or extension with this full name.
    pub fn find(&self, name: &str) -> Option<Named> {
        self.names.get(name)
    }

    /// The message with this full name.
    pub fn find_message(&self, name: &str) -> Option<MessageId> {
        match self.find(name) {
            Some(Named::Message(id)) => Some(id),
            _ => None,
        }
    }

    /// The enum with this full name.
    pub fn find_enum(&self, name: &str) -> Option<EnumId> {
        match self.find(name) {
            Some(Named::Enum(id)) => Some(id),
            _ => None,
        }
    }

    /// The field or extension with this full name.
    pub fn find_field(&self, name: &str) -> Option<FieldId> {
        if let Some(Named::Extension(id)) = self.find(name) {
            return Some(id);
        }
        let (message, name) = name.rsplit_once('.')?;
        let message = &self[self.find_message(message)?];
        let mut fields = self.fields_of(message).iter();
        fields
            .find(|field| field.name == name)
            .map(|field| field.id)
    }

    /// The service with this full name.
    pub fn find_service(&self, name: &str) -> Option<ServiceId> {
        match self.find(name) {
            Some(Named::Service(id)) => Some(id),
            _ => None,
        }
    }
}
