//! Readers of the text and of what is generated from it are told what every
//! element means.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorProto};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Numbers of the lists in descriptor.proto, of which paths are made.
const FILE_MESSAGES: i32 = 4;
const FILE_ENUMS: i32 = 5;
const FILE_SERVICES: i32 = 6;
const FILE_EXTENSIONS: i32 = 7;
const MESSAGE_FIELDS: i32 = 2;
const MESSAGE_NESTED: i32 = 3;
const MESSAGE_ENUMS: i32 = 4;
const MESSAGE_ONEOFS: i32 = 8;
const ENUM_VALUES: i32 = 2;
const SERVICE_METHODS: i32 = 2;

/// Names the elements of one file that no comment stands above.
struct Reader {
    commented: BTreeSet<Vec<i32>>,
    elements: usize,
    bare: Vec<String>,
}

impl Reader {
    fn element(&mut self, path: &[i32], name: &str) {
        self.elements += 1;
        if !self.commented.contains(path) {
            self.bare.push(name.to_owned());
        }
    }

    fn list<'a>(
        &mut self,
        parent: &[i32],
        number: i32,
        names: impl Iterator<Item = &'a str>,
        within: &str,
    ) {
        for (index, name) in names.enumerate() {
            self.element(&child(parent, number, index), &format!("{within}.{name}"));
        }
    }

    fn file(&mut self, file: &FileDescriptorProto) {
        let package = file.package();
        for (index, message) in file.message_type.iter().enumerate() {
            self.message(&child(&[], FILE_MESSAGES, index), message, package);
        }
        for (index, one) in file.enum_type.iter().enumerate() {
            self.one_enum(&child(&[], FILE_ENUMS, index), one, package);
        }
        for (index, service) in file.service.iter().enumerate() {
            let path = child(&[], FILE_SERVICES, index);
            let name = format!("{package}.{}", service.name());
            self.element(&path, &name);
            let methods = service
                .method
                .iter()
                .map(prost_types::MethodDescriptorProto::name);
            self.list(&path, SERVICE_METHODS, methods, &name);
        }
        let extensions = file
            .extension
            .iter()
            .map(prost_types::FieldDescriptorProto::name);
        self.list(&[], FILE_EXTENSIONS, extensions, package);
    }

    fn message(&mut self, path: &[i32], message: &DescriptorProto, within: &str) {
        let is_entry = message
            .options
            .as_ref()
            .is_some_and(prost_types::MessageOptions::map_entry);
        if is_entry {
            return;
        }
        let name = format!("{within}.{}", message.name());
        self.element(path, &name);
        let fields = message
            .field
            .iter()
            .map(prost_types::FieldDescriptorProto::name);
        self.list(path, MESSAGE_FIELDS, fields, &name);
        // An optional field stands in a oneof nobody wrote.
        let written = message
            .oneof_decl
            .iter()
            .filter(|oneof| !oneof.name().starts_with('_'));
        let oneofs = written.map(prost_types::OneofDescriptorProto::name);
        self.list(path, MESSAGE_ONEOFS, oneofs, &name);
        for (index, nested) in message.nested_type.iter().enumerate() {
            self.message(&child(path, MESSAGE_NESTED, index), nested, &name);
        }
        for (index, one) in message.enum_type.iter().enumerate() {
            self.one_enum(&child(path, MESSAGE_ENUMS, index), one, &name);
        }
    }

    fn one_enum(&mut self, path: &[i32], one: &EnumDescriptorProto, within: &str) {
        let name = format!("{within}.{}", one.name());
        self.element(path, &name);
        let values = one
            .value
            .iter()
            .map(prost_types::EnumValueDescriptorProto::name);
        self.list(path, ENUM_VALUES, values, &name);
    }
}

fn child(parent: &[i32], number: i32, index: usize) -> Vec<i32> {
    [parent, &[number, i32::try_from(index).unwrap()]].concat()
}

#[test]
fn every_element_has_a_comment() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut compiler = protox::Compiler::new([root]).unwrap();
    compiler.include_imports(true).include_source_info(true);
    // They import each other and every package of ours.
    compiler
        .open_files([
            "aperio/plugin/v1/plugin.proto",
            "aperio/plugin/v1/remediation.proto",
            "aperio/plugin/v1/host.proto",
        ])
        .unwrap();
    let (mut elements, mut bare) = (0, Vec::new());
    for file in compiler.file_descriptor_set().file {
        if file.name().starts_with("google/protobuf/") {
            continue;
        }
        let commented = file.source_code_info.iter().flat_map(|info| &info.location);
        let commented = commented.filter(|location| !location.leading_comments().trim().is_empty());
        let mut reader = Reader {
            commented: commented.map(|location| location.path.clone()).collect(),
            elements: 0,
            bare: Vec::new(),
        };
        reader.file(&file);
        elements += reader.elements;
        bare.extend(reader.bare);
    }
    assert!(bare.is_empty(), "without a comment: {bare:#?}");
    assert!(elements > 600, "only {elements} elements were looked at");
}
