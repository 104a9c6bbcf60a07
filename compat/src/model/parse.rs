//! One pass from bytes to tables.

use super::index::{Named, Names};
use super::{
    DescriptorSet, Enum, EnumId, EnumValue, Field, FieldId, File, FileId, Kind, Label, Message,
    MessageId, Method, MethodId, NumberRange, Oneof, OneofId, Options, Scope, Service, ServiceId,
    Target, ValueId, Visibility,
};
use crate::features::{
    EDITION_2023, EDITION_2024, Features, MessageEncoding, Presence, RepeatedEncoding, Syntax,
};
use crate::load::LoadError;
use crate::wire::{Malformed, Reader, Value};
use std::collections::HashSet;

/// Bytes of one set.
pub(crate) const SET_BYTES: usize = 512 << 20;
/// Elements of one set: files, messages, fields and all the others together.
const ELEMENTS: usize = 4 << 20;
/// How deep messages nest.
const DEPTH: u32 = 100;
/// Bytes of one name.
const NAME: usize = 64 << 10;
/// Fields, values, ranges or names of one parent.
const CHILDREN: usize = 1 << 18;

type Parsed<T> = Result<T, LoadError>;

impl From<Malformed> for LoadError {
    fn from(why: Malformed) -> Self {
        LoadError::bad(format!("the descriptors are malformed: {why}"))
    }
}

impl<'a> DescriptorSet<'a> {
    /// Reads a `FileDescriptorSet` or a buf image.
    ///
    /// Fails on bytes that are malformed, on names and numbers that occur
    /// twice, on types and imports that are missing, and on editions that are
    /// not known here.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, LoadError> {
        if bytes.len() > SET_BYTES {
            return Err(LoadError::bad(format!(
                "the descriptors are larger than {SET_BYTES} bytes"
            )));
        }
        let mut parser = Parser {
            set: DescriptorSet {
                files: Vec::new(),
                messages: Vec::new(),
                fields: Vec::new(),
                oneofs: Vec::new(),
                enums: Vec::new(),
                values: Vec::new(),
                services: Vec::new(),
                methods: Vec::new(),
                names: Names::new(),
                bytes,
            },
            type_names: Vec::new(),
            extendees: Vec::new(),
            method_types: Vec::new(),
            elements: 0,
        };
        let mut reader = Reader::new(bytes);
        let mut paths = HashSet::new();
        while let Some((number, value)) = reader.next()? {
            let (1, Value::Bytes(bytes)) = (number, value) else {
                continue;
            };
            parser.file(bytes)?;
            let file = parser.set.files.last().expect("just pushed");
            if !paths.insert(file.path) {
                let twice = LoadError::bad("the file occurs twice in one set");
                return Err(twice.in_file(file.path));
            }
        }
        for file in &parser.set.files {
            if let Some(missing) = file.dependencies.iter().find(|path| !paths.contains(*path)) {
                return Err(LoadError::unjudged(format!(
                    "the import {missing} is not in the descriptor set"
                ))
                .in_file(file.path));
            }
        }
        parser.resolve()?;
        Ok(parser.set)
    }
}

/// A sub-message that may stand there once. Protobuf would merge a second
/// one; no compiler writes it.
#[derive(Default)]
struct Once<'a>(Option<&'a [u8]>);

impl<'a> Once<'a> {
    fn put(&mut self, bytes: &'a [u8]) -> Parsed<()> {
        match self.0.replace(bytes) {
            None => Ok(()),
            Some(_) => Err(LoadError::merged()),
        }
    }

    /// The options, read through once, and the features they set at `number`.
    fn options(&self, number: u32, features: &mut Features) -> Parsed<Options<'a>> {
        let bytes = self.0.unwrap_or_default();
        let mut reader = Reader::new(bytes);
        while let Some((found, value)) = reader.next()? {
            if let (true, Some(set)) = (found == number, value.bytes()) {
                features.overlay(set)?;
            }
        }
        Ok(Options(bytes))
    }
}

fn text(bytes: &[u8]) -> Parsed<&str> {
    if bytes.len() > NAME {
        return Err(LoadError::bad(format!(
            "a name is longer than {NAME} bytes"
        )));
    }
    std::str::from_utf8(bytes).map_err(|_| LoadError::bad("a name is no UTF-8"))
}

fn simple_name(bytes: &[u8]) -> Parsed<&str> {
    let name = text(bytes)?;
    if name.is_empty() || name.contains('.') {
        return Err(LoadError::bad(format!(
            "{name:?} cannot be the name of an element"
        )));
    }
    Ok(name)
}

fn short(count: usize) -> u32 {
    u32::try_from(count).expect("counts are bounded")
}

fn visibility(value: i32) -> Visibility {
    match value {
        1 => Visibility::Local,
        2 => Visibility::Export,
        _ => Visibility::Unset,
    }
}

struct Parser<'a> {
    set: DescriptorSet<'a>,
    /// Beside `fields`: the name of the type each holds.
    type_names: Vec<&'a str>,
    extendees: Vec<(FieldId, &'a str)>,
    /// Beside `methods`: request and response.
    method_types: Vec<(&'a str, &'a str)>,
    elements: usize,
}

/// What the children of a scope inherit.
#[derive(Clone, Copy)]
struct Home {
    file: FileId,
    parent: Option<MessageId>,
    syntax: Syntax,
    features: Features,
}

impl<'a> Parser<'a> {
    fn count(&mut self) -> Parsed<()> {
        self.elements += 1;
        if self.elements > ELEMENTS {
            return Err(LoadError::bad(format!(
                "the descriptors hold more than {ELEMENTS} elements"
            )));
        }
        Ok(())
    }

    fn file(&mut self, bytes: &'a [u8]) -> Parsed<()> {
        self.count()?;
        let mut path = "";
        let mut package = "";
        let (mut syntax, mut edition) = ("", None);
        let mut dependencies = Vec::new();
        let mut options = Once::default();
        let mut source_info = Once::default();
        let mut is_import = false;
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => path = text(bytes)?,
                (2, Value::Bytes(bytes)) => package = text(bytes)?,
                (3, Value::Bytes(bytes)) => {
                    self.count()?;
                    dependencies.push(text(bytes)?);
                }
                (8, Value::Bytes(bytes)) => options.put(bytes)?,
                (9, Value::Bytes(bytes)) => source_info.put(bytes)?,
                (12, Value::Bytes(bytes)) => syntax = text(bytes)?,
                (14, value) => edition = value.int32(),
                (8042, Value::Bytes(bytes)) => is_import = image_says_import(bytes)?,
                _ => {}
            }
        }
        if path.is_empty() {
            return Err(LoadError::bad("a file has no name"));
        }
        let read = || -> Parsed<(Syntax, Features, Options<'a>)> {
            let syntax = syntax_of(syntax, edition)?;
            let mut features = Features::defaults(syntax);
            let options = options.options(50, &mut features)?;
            Ok((syntax, features, options))
        };
        let (syntax, features, options) = read().map_err(|error| error.in_file(path))?;
        let file = FileId(short(self.set.files.len()));
        self.set.files.push(File {
            id: file,
            path,
            package,
            syntax,
            dependencies,
            is_import,
            messages: 0..0,
            all_messages: 0..0,
            enums: 0..0,
            all_enums: 0..0,
            extensions: 0..0,
            all_fields: 0..0,
            services: 0..0,
            options,
            features,
            java_string_check_utf8: options.bool(27),
            bytes,
            source_info: source_info.0.unwrap_or_default(),
        });
        let home = Home {
            file,
            parent: None,
            syntax,
            features,
        };
        self.file_children(bytes, home)
            .map_err(|error| error.in_file(path))
    }

    fn file_children(&mut self, bytes: &'a [u8], home: Home) -> Parsed<()> {
        let starts = (
            short(self.set.messages.len()),
            short(self.set.enums.len()),
            short(self.set.fields.len()),
            short(self.set.services.len()),
        );
        let package = self.set.files[home.file.index()].package;
        let mut extensions = Vec::new();
        let (mut services, mut enums) = (0, 0);
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (4, Value::Bytes(bytes)) => self.announce(bytes, home, starts.0, 1)?,
                (5, Value::Bytes(bytes)) => {
                    self.enumeration(bytes, home, enums)?;
                    enums += 1;
                }
                (6, Value::Bytes(bytes)) => {
                    self.service(bytes, home, package, services)?;
                    services += 1;
                }
                (7, Value::Bytes(bytes)) => extensions.push(bytes),
                _ => {}
            }
        }
        for (position, bytes) in extensions.into_iter().enumerate() {
            self.field(bytes, home, short(position), true, &(0..0))?;
        }
        let file = &mut self.set.files[home.file.index()];
        file.messages = starts.0..short(self.set.messages.len());
        file.enums = starts.1..short(self.set.enums.len());
        file.extensions = starts.2..short(self.set.fields.len());
        file.services = starts.3..short(self.set.services.len());

        // Children are announced behind their parents, so one cursor sees all.
        let mut next = starts.0 as usize;
        while next < self.set.messages.len() {
            self.message(MessageId(short(next)), home)?;
            next += 1;
        }
        let file = &mut self.set.files[home.file.index()];
        file.all_messages = starts.0..short(self.set.messages.len());
        file.all_enums = starts.1..short(self.set.enums.len());
        file.all_fields = starts.2..short(self.set.fields.len());
        Ok(())
    }

    /// Gives a message its place in the table; it is read later.
    fn announce(&mut self, bytes: &'a [u8], home: Home, first: u32, depth: u32) -> Parsed<()> {
        self.count()?;
        if depth > DEPTH {
            return Err(LoadError::bad(format!("messages nest deeper than {DEPTH}")));
        }
        let id = MessageId(short(self.set.messages.len()));
        self.set.messages.push(Message {
            id,
            name: "",
            file: home.file,
            parent: home.parent,
            position: id.0 - first,
            fields: 0..0,
            extensions: 0..0,
            oneofs: 0..0,
            messages: 0..0,
            enums: 0..0,
            reserved: Vec::new(),
            reserved_names: Vec::new(),
            extension_ranges: Vec::new(),
            options: Options::default(),
            features: home.features,
            map_entry: false,
            visibility: Visibility::Unset,
            bytes,
            depth,
            full_name: (0, 0),
        });
        Ok(())
    }

    fn full_name(&mut self, home: Home, name: &'a str) -> Parsed<(u32, u32)> {
        let pushed = if let Some(parent) = home.parent {
            let outer = self.set.messages[parent.index()].full_name;
            self.set.names.push_inside(outer, name)
        } else {
            let package = self.set.files[home.file.index()].package;
            self.set.names.push(package, name)
        };
        pushed.ok_or_else(|| LoadError::bad("the full names of the set are too long"))
    }

    fn register(&mut self, name: (u32, u32), named: Named) -> Parsed<()> {
        if self.set.names.insert(name, named) {
            return Ok(());
        }
        let name = self.set.names.text(name);
        Err(LoadError::bad(format!("{name} is declared twice")))
    }

    fn message(&mut self, id: MessageId, file: Home) -> Parsed<()> {
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

    fn message_children(
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
    fn mark_synthetic(&mut self, id: MessageId) {
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

    fn unique_members(&self, id: MessageId) -> Parsed<()> {
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

    fn oneof(
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

    fn field(
        &mut self,
        bytes: &'a [u8],
        home: Home,
        position: u32,
        extension: bool,
        oneofs: &std::ops::Range<u32>,
    ) -> Parsed<()> {
        self.count()?;
        let mut name = "";
        let (mut field_number, mut label, mut kind) = (0, 1, 0);
        let (mut type_name, mut extendee) = ("", "");
        let mut default = None;
        let mut json_name = None;
        let mut oneof_index = None;
        let mut proto3_optional = false;
        let mut options = Once::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, Value::Bytes(bytes)) => extendee = text(bytes)?,
                (3, value) => field_number = value.int32().unwrap_or(0),
                (4, value) => label = value.int32().unwrap_or(1),
                (5, value) => kind = value.int32().unwrap_or(0),
                (6, Value::Bytes(bytes)) => type_name = text(bytes)?,
                (7, Value::Bytes(bytes)) => default = Some(bytes),
                (8, Value::Bytes(bytes)) => options.put(bytes)?,
                (9, value) => oneof_index = value.int32(),
                (10, Value::Bytes(bytes)) => json_name = Some(text(bytes)?),
                (17, value) => proto3_optional = value.varint().is_some_and(|value| value != 0),
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("a field has no name"));
        }
        let odd = |what: &str| LoadError::bad(format!("the field {name} {what}"));
        // A field of a message set may use the whole range.
        if field_number < 1 {
            return Err(odd("has no number"));
        }
        let label = match label {
            1 => Label::Optional,
            2 => Label::Required,
            3 => Label::Repeated,
            _ => return Err(odd("has an unknown label")),
        };
        let declared_kind = match Kind::read(kind) {
            Some(kind) => kind,
            // Only a named type may go without; which one it is shows later.
            None if kind == 0 && !type_name.is_empty() => Kind::Message,
            None => return Err(odd("has an unknown type")),
        };
        if declared_kind.is_named() == type_name.is_empty() {
            return Err(odd("has a type without a name, or a name without a type"));
        }
        if extension == extendee.is_empty() {
            return Err(odd("does not stand where it belongs"));
        }
        let oneof = match oneof_index {
            None => None,
            Some(index) => Some(
                u32::try_from(index)
                    .ok()
                    .and_then(|index| oneofs.start.checked_add(index))
                    .filter(|id| oneofs.contains(id))
                    .map(OneofId)
                    .ok_or_else(|| odd("is in a oneof that does not exist"))?,
            ),
        };
        let mut features = home.features;
        if let Some(oneof) = oneof {
            let inherited = self.set.oneofs[oneof.index()].options;
            for set in inherited.all(1) {
                features.overlay(set)?;
            }
        }
        let options = options.options(21, &mut features)?;
        if !matches!(home.syntax, Syntax::Edition(_)) {
            translate(&mut features, label, proto3_optional, options);
        }
        let id = FieldId(short(self.set.fields.len()));
        if extension {
            self.extendees.push((id, extendee));
            let full_name = self.full_name(home, name)?;
            self.register(full_name, Named::Extension(id))?;
        }
        self.type_names.push(type_name);
        self.set.fields.push(Field {
            id,
            name,
            number: field_number,
            file: home.file,
            scope: home.parent.map_or(Scope::File, Scope::Message),
            position,
            extendee: None,
            kind: declared_kind,
            declared_kind,
            target: Target::Scalar,
            label,
            oneof,
            proto3_optional,
            declared_json_name: json_name,
            declared_default: default,
            options,
            features,
            bytes,
        });
        Ok(())
    }

    fn enumeration(&mut self, bytes: &'a [u8], home: Home, position: u32) -> Parsed<()> {
        self.count()?;
        let id = EnumId(short(self.set.enums.len()));
        let first = short(self.set.values.len());
        let mut name = "";
        let mut options = Once::default();
        let mut seen = Visibility::Unset;
        let mut reserved = Vec::new();
        let mut reserved_names = Vec::new();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, Value::Bytes(bytes)) => self.value(bytes, id, first)?,
                (3, Value::Bytes(bytes)) => options.put(bytes)?,
                (4, Value::Bytes(bytes)) => {
                    self.count()?;
                    reserved.push(range(bytes, 0)?);
                }
                (5, Value::Bytes(bytes)) => {
                    self.count()?;
                    reserved_names.push(text(bytes)?);
                }
                (6, value) => seen = visibility(value.int32().unwrap_or(0)),
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("an enum has no name"));
        }
        let values = first..short(self.set.values.len());
        if values.is_empty() {
            return Err(LoadError::bad(format!("the enum {name} has no values")));
        }
        let mut names = HashSet::with_capacity(values.len());
        if let Some(value) = self.set.values[first as usize..]
            .iter()
            .find(|value| !names.insert(value.name))
        {
            let twice = format!("the enum {name} has two values named {}", value.name);
            return Err(LoadError::bad(twice));
        }
        let mut features = home.features;
        let options = options.options(7, &mut features)?;
        let full_name = self.full_name(home, name)?;
        self.set.enums.push(Enum {
            id,
            name,
            file: home.file,
            parent: home.parent,
            position,
            values,
            reserved,
            reserved_names,
            options,
            features,
            visibility: seen,
            bytes,
            full_name,
        });
        self.register(full_name, Named::Enum(id))
    }

    fn value(&mut self, bytes: &'a [u8], parent: EnumId, first: u32) -> Parsed<()> {
        self.count()?;
        let mut name = "";
        let mut value_number = 0;
        let mut options = Once::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, value) => value_number = value.int32().unwrap_or(0),
                (3, Value::Bytes(bytes)) => options.put(bytes)?,
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("an enum value has no name"));
        }
        let mut unused = Features::defaults(Syntax::Proto2);
        let options = options.options(2, &mut unused)?;
        let id = ValueId(short(self.set.values.len()));
        self.set.values.push(EnumValue {
            id,
            name,
            number: value_number,
            parent,
            position: id.0 - first,
            options,
            bytes,
        });
        Ok(())
    }

    fn service(&mut self, bytes: &'a [u8], home: Home, package: &str, position: u32) -> Parsed<()> {
        self.count()?;
        let id = ServiceId(short(self.set.services.len()));
        let first = short(self.set.methods.len());
        let mut name = "";
        let mut options = Once::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, Value::Bytes(bytes)) => self.method(bytes, id, first)?,
                (3, Value::Bytes(bytes)) => options.put(bytes)?,
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("a service has no name"));
        }
        let mut names = HashSet::new();
        if let Some(method) = self.set.methods[first as usize..]
            .iter()
            .find(|method| !names.insert(method.name))
        {
            let twice = format!("the service {name} has two methods named {}", method.name);
            return Err(LoadError::bad(twice));
        }
        let mut unused = home.features;
        let options = options.options(34, &mut unused)?;
        let full_name = self
            .set
            .names
            .push(package, name)
            .ok_or_else(|| LoadError::bad("the full names of the set are too long"))?;
        self.set.services.push(Service {
            id,
            name,
            file: home.file,
            position,
            methods: first..short(self.set.methods.len()),
            options,
            bytes,
            full_name,
        });
        self.register(full_name, Named::Service(id))
    }

    fn method(&mut self, bytes: &'a [u8], service: ServiceId, first: u32) -> Parsed<()> {
        self.count()?;
        let mut name = "";
        let (mut input, mut output) = ("", "");
        let (mut client_streaming, mut server_streaming) = (false, false);
        let mut options = Once::default();
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match (number, value) {
                (1, Value::Bytes(bytes)) => name = simple_name(bytes)?,
                (2, Value::Bytes(bytes)) => input = text(bytes)?,
                (3, Value::Bytes(bytes)) => output = text(bytes)?,
                (4, Value::Bytes(bytes)) => options.put(bytes)?,
                (5, value) => client_streaming = value.varint().is_some_and(|value| value != 0),
                (6, value) => server_streaming = value.varint().is_some_and(|value| value != 0),
                _ => {}
            }
        }
        if name.is_empty() {
            return Err(LoadError::bad("a method has no name"));
        }
        let mut unused = Features::defaults(Syntax::Proto2);
        let options = options.options(35, &mut unused)?;
        let id = MethodId(short(self.set.methods.len()));
        self.method_types.push((input, output));
        self.set.methods.push(Method {
            id,
            name,
            service,
            position: id.0 - first,
            input: MessageId(0),
            output: MessageId(0),
            client_streaming,
            server_streaming,
            options,
            bytes,
        });
        Ok(())
    }

    /// Turns names of types into ids, then what depends on the types.
    fn resolve(&mut self) -> Parsed<()> {
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
        for at in 0..self.set.fields.len() {
            self.settle(at);
        }
        self.unique_extensions()
    }

    fn named(&self, name: &str, file: FileId) -> Parsed<Named> {
        let found = name
            .strip_prefix('.')
            .and_then(|name| self.set.names.get(name));
        found.ok_or_else(|| {
            LoadError::bad(format!("the type {name:?} is not in the descriptor set"))
                .in_file(self.set.files[file.index()].path)
        })
    }

    fn resolve_type(&mut self, at: usize) -> Parsed<()> {
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

    /// What needs the types: framing and presence.
    fn settle(&mut self, at: usize) {
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

    fn unique_extensions(&self) -> Parsed<()> {
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

/// Labels and options of proto2 and proto3 as features.
fn translate(features: &mut Features, label: Label, proto3_optional: bool, options: Options<'_>) {
    if label == Label::Required {
        features.presence = Presence::LegacyRequired;
    } else if proto3_optional {
        features.presence = Presence::Explicit;
    }
    match options.bool(2) {
        Some(true) => features.repeated = RepeatedEncoding::Packed,
        Some(false) => features.repeated = RepeatedEncoding::Expanded,
        None => {}
    }
}

/// The range of a descriptor; `past` is 1 where its end lies outside.
fn range(bytes: &[u8], past: i32) -> Parsed<NumberRange> {
    let (mut first, mut last) = (0, 0);
    let mut reader = Reader::new(bytes);
    while let Some((number, value)) = reader.next()? {
        match number {
            1 => first = value.int32().unwrap_or(0),
            2 => last = value.int32().unwrap_or(0),
            _ => {}
        }
    }
    let last = last.checked_sub(past).filter(|last| *last >= first);
    let last = last.ok_or_else(|| LoadError::bad("a range ends before it begins"))?;
    Ok(NumberRange { first, last })
}

fn syntax_of(syntax: &str, edition: Option<i32>) -> Parsed<Syntax> {
    match (syntax, edition.unwrap_or(0)) {
        ("" | "proto2", 0 | 998) => Ok(Syntax::Proto2),
        ("proto3", 0 | 999) => Ok(Syntax::Proto3),
        ("" | "editions", edition @ EDITION_2023..=EDITION_2024) => Ok(Syntax::Edition(edition)),
        ("editions", 0) => Err(LoadError::bad("the file names no edition")),
        ("" | "editions", edition) => Err(LoadError::unjudged(format!(
            "the file has the edition {edition}; 2024 is the newest known here"
        ))),
        _ => Err(LoadError::bad(format!("the syntax {syntax:?} is unknown"))),
    }
}

/// Reads `is_import` of a buf image's `buf_extension`.
fn image_says_import(bytes: &[u8]) -> Parsed<bool> {
    let mut is_import = false;
    let mut reader = Reader::new(bytes);
    while let Some((number, value)) = reader.next()? {
        if number == 1 {
            is_import = value.varint().is_some_and(|value| value != 0);
        }
    }
    Ok(is_import)
}
