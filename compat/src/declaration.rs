//! Declarations as one line of text, the way an author would write them.

use crate::features::Syntax;
use crate::model::{Cardinality, DescriptorSet, ElementId, Field, MessageId, Target};

/// The line of an element; of what has a body, its head.
pub fn line(set: &DescriptorSet<'_>, element: ElementId) -> String {
    match element {
        ElementId::File(id) => set[id].path.to_owned(),
        ElementId::Message(id) => format!("message {}", set[id].name),
        ElementId::Enum(id) => format!("enum {}", set[id].name),
        ElementId::Oneof(id) => format!("oneof {}", set[id].name),
        ElementId::Service(id) => format!("service {}", set[id].name),
        ElementId::Value(id) => format!("{} = {}", set[id].name, set[id].number),
        ElementId::Field(id) => field(set, &set[id]),
        ElementId::Method(id) => {
            let method = &set[id];
            let package = set[set[method.service].file].package;
            let side = |stream: bool, message: MessageId| {
                let stream = if stream { "stream " } else { "" };
                format!("{stream}{}", short(set.message_name(message), package))
            };
            format!(
                "rpc {}({}) returns ({})",
                method.name,
                side(method.client_streaming, method.input),
                side(method.server_streaming, method.output)
            )
        }
    }
}

fn field(set: &DescriptorSet<'_>, field: &Field<'_>) -> String {
    let explicit = !field.kind.is_message()
        && set.oneof_of(field).is_none()
        && !matches!(set[field.file].syntax, Syntax::Edition(_));
    let label = match set.cardinality(field) {
        Cardinality::Required => "required ",
        Cardinality::Repeated => "repeated ",
        Cardinality::Explicit if explicit => "optional ",
        Cardinality::Explicit | Cardinality::Implicit | Cardinality::Map => "",
    };
    let extends = field.extendee.map_or_else(String::new, |extendee| {
        format!("extend {}: ", set.message_name(extendee))
    });
    let (name, number) = (field.name, field.number);
    format!("{extends}{label}{} {name} = {number}", kind(set, field))
}

/// What a field holds, as the text names it.
fn kind(set: &DescriptorSet<'_>, field: &Field<'_>) -> String {
    let package = set[field.file].package;
    match field.target {
        Target::Scalar => field.kind.word().to_owned(),
        Target::Message(entry) if set.is_map(field) => {
            let of = |number| {
                let mut fields = set.fields_of(&set[entry]).iter();
                let field = fields.find(|field| field.number == number);
                field.map_or_else(String::new, |field| kind(set, field))
            };
            format!("map<{}, {}>", of(1), of(2))
        }
        Target::Message(_) | Target::Enum(_) => short(set.target_name(field), package).to_owned(),
    }
}

/// A full name without the package it is used in.
fn short<'n>(name: &'n str, package: &str) -> &'n str {
    let inside = name.strip_prefix(package).filter(|_| !package.is_empty());
    inside
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(name)
}

/// What an element is called in reports.
pub fn kind_word(set: &DescriptorSet<'_>, element: ElementId) -> &'static str {
    match element {
        ElementId::File(_) => "file",
        ElementId::Message(_) => "message",
        ElementId::Field(id) if set[id].extendee.is_some() => "extension",
        ElementId::Field(_) => "field",
        ElementId::Oneof(_) => "oneof",
        ElementId::Enum(_) => "enum",
        ElementId::Value(_) => "value",
        ElementId::Service(_) => "service",
        ElementId::Method(_) => "method",
    }
}
