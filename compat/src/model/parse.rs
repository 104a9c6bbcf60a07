//! One pass from bytes to tables.

mod enumeration;
mod field;
mod message;
mod resolve;
mod service;

use super::index::{Named, Names};
use super::{
    DescriptorSet, FieldId, File, FileId, Message, MessageId, NumberRange, Options, Visibility,
};
use crate::features::{EDITION_2023, EDITION_2024, Features, Syntax};
use crate::load::LoadError;
use crate::wire::{Malformed, Reader, Value};
use std::collections::HashSet;
use std::sync::OnceLock;

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
                annotated: OnceLock::new(),
                custom: OnceLock::new(),
                looked: OnceLock::new(),
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
