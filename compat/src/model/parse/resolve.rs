//! Names of types turned into ids, and what depends on the types.

use super::{Parsed, Parser};
use crate::features::{MessageEncoding, Presence};
use crate::load::LoadError;
use crate::model::index::Named;
use crate::model::{FileId, Kind, Label, Scope, Target};
use std::collections::HashSet;

impl Parser<'_> {
    /// Turns names of types into ids, then what depends on the types.
    pub(super) fn resolve(&mut self) -> Parsed<()> {
        for at in 0..self.set.fields.len() {
            self.resolve_type(at)?;
        }
        for (field, name) in std::mem::take(&mut self.extendees) {
            let extendee = self.named(name, self.set.fields[field.index()].file)?;
            let Named::Message(extendee) = extendee else {
                return Err(LoadError::bad(format!(
                    "{name} is extended, but no message"
                )));
            };
            self.set.fields[field.index()].extendee = Some(extendee);
        }
        for at in 0..self.method_types.len() {
            let (input, output) = self.method_types[at];
            let file = self.set.services[self.set.methods[at].service.index()].file;
            for (name, request) in [(input, true), (output, false)] {
                let Named::Message(message) = self.named(name, file)? else {
                    return Err(LoadError::bad(format!("{name} is no message"))
                        .in_file(self.set.files[file.index()].path));
                };
                let method = &mut self.set.methods[at];
                if request {
                    method.input = message;
                } else {
                    method.output = message;
                }
            }
        }
        self.map_entries()?;
        for at in 0..self.set.fields.len() {
            self.settle(at);
        }
        self.unique_extensions()
    }

    pub(super) fn named(&self, name: &str, file: FileId) -> Parsed<Named> {
        let found = name
            .strip_prefix('.')
            .and_then(|name| self.set.names.get(name));
        found.ok_or_else(|| {
            LoadError::bad(format!("the type {name:?} is not in the descriptor set"))
                .in_file(self.set.files[file.index()].path)
        })
    }

    pub(super) fn resolve_type(&mut self, at: usize) -> Parsed<()> {
        let name = self.type_names[at];
        if name.is_empty() {
            return Ok(());
        }
        let named = self.named(name, self.set.fields[at].file)?;
        let field = &mut self.set.fields[at];
        field.target = match named {
            Named::Message(id) if field.declared_kind != Kind::Enum => Target::Message(id),
            // A descriptor may leave it to the name which of the two it is.
            Named::Enum(id) if field.declared_kind != Kind::Group => {
                field.declared_kind = Kind::Enum;
                field.kind = Kind::Enum;
                Target::Enum(id)
            }
            _ => {
                let name = field.name;
                return Err(LoadError::bad(format!(
                    "the field {name} has a type of another kind than it says"
                )));
            }
        };
        Ok(())
    }

    /// Whoever reads a map goes from its field to the key and the value: an
    /// entry that holds itself would lead nowhere.
    fn map_entries(&self) -> Parsed<()> {
        for entry in self.set.messages.iter().filter(|entry| entry.map_entry) {
            let fields = self.set.fields_of(entry);
            let of = |number: i32| {
                let mut found = fields.iter().filter(|field| field.number == number);
                found.next().filter(|field| field.label != Label::Repeated)
            };
            let key = of(1).is_some_and(|key| {
                !key.declared_kind.is_named()
                    && !matches!(key.declared_kind, Kind::Double | Kind::Float | Kind::Bytes)
            });
            let value = of(2).is_some_and(|value| {
                value.declared_kind != Kind::Group
                    && !matches!(value.target, Target::Message(id) if self.set.messages[id.index()].map_entry)
            });
            if !key || !value || fields.len() != 2 || entry.parent.is_none() {
                return Err(
                    LoadError::bad("a map entry has a singular key 1 and value 2")
                        .in_file(self.set.files[entry.file.index()].path),
                );
            }
        }
        Ok(())
    }

    /// What needs the types: framing and presence.
    pub(super) fn settle(&mut self, at: usize) {
        let field = &self.set.fields[at];
        let inside_entry = matches!(field.scope, Scope::Message(message)
            if field.extendee.is_none() && self.set.messages[message.index()].map_entry);
        let map = self.set.is_map(field);
        let field = &mut self.set.fields[at];
        if field.declared_kind == Kind::Group {
            field.features.message = MessageEncoding::Delimited;
        } else if map || inside_entry {
            field.features.message = MessageEncoding::LengthPrefixed;
        }
        if field.declared_kind.is_message() {
            field.kind = match field.features.message {
                MessageEncoding::Delimited => Kind::Group,
                MessageEncoding::LengthPrefixed => Kind::Message,
            };
        }
        let singular = field.label != Label::Repeated;
        if singular
            && field.features.presence == Presence::Implicit
            && (field.oneof.is_some() || field.extendee.is_some() || field.kind.is_message())
        {
            field.features.presence = Presence::Explicit;
        }
        // A required extension or member of a oneof does not exist.
        if field.label == Label::Optional
            && field.features.presence == Presence::LegacyRequired
            && (field.oneof.is_some() || field.extendee.is_some())
        {
            field.features.presence = Presence::Explicit;
        }
    }

    pub(super) fn unique_extensions(&self) -> Parsed<()> {
        let mut taken = HashSet::new();
        for field in &self.set.fields {
            if let Some(extendee) = field.extendee
                && !taken.insert((extendee, field.number))
            {
                let name = self.set.message_name(extendee);
                return Err(LoadError::bad(format!(
                    "two extensions of {name} have the number {}",
                    field.number
                ))
                .in_file(self.set.files[field.file.index()].path));
            }
        }
        Ok(())
    }
}
