//! Messages and what stands in them.

use super::{CHILDREN, Home, Once, Parsed, Parser, range, short, simple_name, text, visibility};
use crate::load::LoadError;
use crate::model::index::Named;
use crate::model::{Message, MessageId, Oneof, OneofId, Visibility};
use crate::wire::{Reader, Value};
use std::collections::HashSet;

impl<'a> Parser<'a> {
    pub(super) fn message(&mut self, id: MessageId, file: Home) -> Parsed<()> {
        let Message {
            bytes,
            parent,
            depth,
            ..
        } = self.set.messages[id.index()];
        let inherited = parent.map_or(file.features, |parent| {
            self.set.messages[parent.index()].features
        });
        let outside = Home {
            parent,
            features: inherited,
            ..file
        };
        let mut name = "";
        let mut options = Once::default();
        let mut seen = Visibility::Unset;
        let mut reserved = Vec::new();
        let mut reserved_names = Vec::new();
        let mut extension_ranges = Vec::new();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (5, Value::Bytes(bytes)) => {
                    self.count()?;
                    extension_ranges.push(range(bytes, 1)?);
                }
                (7, Value::Bytes(bytes)) => options.put(bytes)?,
                (9, Value::Bytes(bytes)) => {
                    self.count()?;
                    reserved.push(range(bytes, 1)?);
                }
                (10, Value::Bytes(bytes)) => {
                    self.count()?;
                    reserved_names.push(text(bytes)?);
                }
                (11, value) => seen = visibility(value.int32().unwrap_or(0)),
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("a message has no name"));
        }
        let mut features = inherited;
        let options = options.options(12, &mut features)?;
        let full_name = self.full_name(outside, name)?;
        let message = &mut self.set.messages[id.index()];
        message.name = name;
        message.options = options;
        message.features = features;
        message.map_entry = options.bool(7) == Some(true);
        message.visibility = seen;
        message.reserved = reserved;
        message.reserved_names = reserved_names;
        message.extension_ranges = extension_ranges;
        message.full_name = full_name;
        self.register(full_name, Named::Message(id))?;
        let inside = Home {
            parent: Some(id),
            features,
            ..file
        };
        self.message_children(id, bytes, inside, depth + 1)
    }

    pub(super) fn message_children(
        &mut self,
        id: MessageId,
        bytes: &'a [u8],
        inside: Home,
        depth: u32,
    ) -> Parsed<()> {
        let first_message = short(self.set.messages.len());
        let first_enum = short(self.set.enums.len());
        let first_oneof = short(self.set.oneofs.len());
        let first_field = short(self.set.fields.len());
        let (mut fields, mut extensions) = (Vec::new(), Vec::new());
        let mut enums = 0;
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (2, Value::Bytes(bytes)) => fields.push(bytes),
                (3, Value::Bytes(bytes)) => self.announce(bytes, inside, first_message, depth)?,
                (4, Value::Bytes(bytes)) => {
                    self.enumeration(bytes, inside, enums)?;
                    enums += 1;
                }
                (6, Value::Bytes(bytes)) => extensions.push(bytes),
                (8, Value::Bytes(bytes)) => {
                    let position = short(self.set.oneofs.len()) - first_oneof;
                    self.oneof(bytes, id, position, inside)?;
                }
                _ => {}
            }
            if fields.len() > CHILDREN {
                return Err(LoadError::bad(format!(
                    "a message has more than {CHILDREN} fields"
                )));
            }
        }
        let oneofs = first_oneof..short(self.set.oneofs.len());
        for (position, bytes) in fields.iter().enumerate() {
            self.field(bytes, inside, short(position), false, &oneofs)?;
        }
        let all_fields = first_field..short(self.set.fields.len());
        for (position, bytes) in extensions.iter().enumerate() {
            self.field(bytes, inside, short(position), true, &(0..0))?;
        }
        let messages = first_message..short(self.set.messages.len());
        let message = &mut self.set.messages[id.index()];
        message.messages = messages;
        message.enums = first_enum..short(self.set.enums.len());
        message.oneofs = oneofs;
        message.extensions = all_fields.end..short(self.set.fields.len());
        message.fields = all_fields;
        self.mark_synthetic(id);
        self.unique_members(id)
    }

    /// A oneof of one proto3 `optional` is synthetic.
    pub(super) fn mark_synthetic(&mut self, id: MessageId) {
        let message = &self.set.messages[id.index()];
        let (fields, oneofs) = (message.fields.clone(), message.oneofs.clone());
        if oneofs.is_empty() {
            return;
        }
        let mut members = vec![(0u32, false); (oneofs.end - oneofs.start) as usize];
        for field in &self.set.fields[fields.start as usize..fields.end as usize] {
            if let Some(oneof) = field.oneof {
                let member = &mut members[(oneof.0 - oneofs.start) as usize];
                *member = (member.0 + 1, field.proto3_optional);
            }
        }
        for (oneof, (count, optional)) in oneofs.zip(members) {
            self.set.oneofs[oneof as usize].synthetic = count == 1 && optional;
        }
    }

    pub(super) fn unique_members(&self, id: MessageId) -> Parsed<()> {
        let message = &self.set.messages[id.index()];
        let fields = self.set.fields_of(message);
        let twice = |what: String| {
            let name = self.set.names.text(message.full_name);
            LoadError::bad(format!("{name} has two members {what}"))
        };
        if fields.len() <= 8 {
            for (at, field) in fields.iter().enumerate() {
                for other in &fields[..at] {
                    if other.number == field.number {
                        return Err(twice(format!("with the number {}", field.number)));
                    }
                    if other.name == field.name {
                        return Err(twice(format!("named {}", field.name)));
                    }
                }
            }
        } else {
            let mut numbers = HashSet::with_capacity(fields.len());
            let mut names = HashSet::with_capacity(fields.len());
            for field in fields {
                if !numbers.insert(field.number) {
                    return Err(twice(format!("with the number {}", field.number)));
                }
                if !names.insert(field.name) {
                    return Err(twice(format!("named {}", field.name)));
                }
            }
        }
        let oneofs = self.set.oneofs_of(message);
        let mut names = HashSet::with_capacity(oneofs.len());
        match oneofs.iter().find(|oneof| !names.insert(oneof.name)) {
            Some(oneof) => Err(twice(format!("named {}", oneof.name))),
            None => Ok(()),
        }
    }

    pub(super) fn oneof(
        &mut self,
        bytes: &'a [u8],
        message: MessageId,
        position: u32,
        home: Home,
    ) -> Parsed<()> {
        self.count()?;
        let mut name = "";
        let mut options = Once::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, Value::Bytes(bytes)) => options.put(bytes)?,
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("a oneof has no name"));
        }
        let mut unused = home.features;
        let options = options.options(1, &mut unused)?;
        let id = OneofId(short(self.set.oneofs.len()));
        self.set.oneofs.push(Oneof {
            id,
            name,
            message,
            position,
            synthetic: false,
            options,
            bytes,
        });
        Ok(())
    }
}
