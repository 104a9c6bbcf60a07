//! The descriptor model: plain tables over the bytes of a
//! `google.protobuf.FileDescriptorSet` or of a buf image.
//!
//! [`DescriptorSet::parse`] reads the bytes once. Names and options borrow from
//! them; every element is addressed by an id of its kind, and the children of
//! one parent are contiguous. Source info stays undecoded until somebody asks
//! for a span. The bytes may be hostile: everything is bounded and checked.

mod index;
mod options;
mod parse;
mod source;

pub use index::Named;
pub use options::Options;
pub(crate) use parse::SET_BYTES;
pub use source::{SourcePath, Span};

use crate::features::{Features, MessageEncoding, Presence, Syntax};
use std::fmt;
use std::ops::{Index, Range};
use std::sync::OnceLock;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $iter:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(pub(crate) u32);

            impl $name {
                /// As an index of a plain table.
                pub fn index(self) -> usize {
                    self.0 as usize
                }
            }

            #[allow(dead_code, reason = "not every kind is walked by id")]
            pub(crate) fn $iter(range: &Range<u32>) -> impl DoubleEndedIterator<Item = $name> + use<> {
                range.clone().map($name)
            }
        )+
    };
}

ids! {
    /// A file.
    FileId, file_ids;
    /// A message, top-level or nested.
    MessageId, message_ids;
    /// A field or an extension.
    FieldId, field_ids;
    /// A oneof.
    OneofId, oneof_ids;
    /// An enum.
    EnumId, enum_ids;
    /// An enum value.
    ValueId, value_ids;
    /// A service.
    ServiceId, service_ids;
    /// A method.
    MethodId, method_ids;
}

/// Any element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each variant is explained at its id")]
pub enum ElementId {
    File(FileId),
    Message(MessageId),
    Field(FieldId),
    Oneof(OneofId),
    Enum(EnumId),
    Value(ValueId),
    Service(ServiceId),
    Method(MethodId),
}

macro_rules! into_element {
    ($($variant:ident($id:ident)),+ $(,)?) => {
        $(impl From<$id> for ElementId {
            fn from(id: $id) -> Self {
                ElementId::$variant(id)
            }
        })+
    };
}

into_element!(
    File(FileId),
    Message(MessageId),
    Field(FieldId),
    Oneof(OneofId),
    Enum(EnumId),
    Value(ValueId),
    Service(ServiceId),
    Method(MethodId),
);

/// What an element stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// At the top of its file.
    File,
    /// Inside a message.
    Message(MessageId),
}

/// A `.proto` file.
#[derive(Debug, Clone)]
pub struct File<'a> {
    /// Its id.
    pub id: FileId,
    /// Its path from its import root.
    pub path: &'a str,
    /// Its package, empty where there is none.
    pub package: &'a str,
    /// Its syntax or edition.
    pub syntax: Syntax,
    /// Paths of what it imports.
    pub dependencies: Vec<&'a str>,
    /// It came in only because others import it (buf images say so).
    pub is_import: bool,
    /// Its top-level messages.
    pub messages: Range<u32>,
    /// All its messages, nested ones included.
    pub all_messages: Range<u32>,
    /// Its top-level enums.
    pub enums: Range<u32>,
    /// All its enums, nested ones included.
    pub all_enums: Range<u32>,
    /// Its top-level extensions.
    pub extensions: Range<u32>,
    /// All its fields and extensions.
    pub all_fields: Range<u32>,
    /// Its services.
    pub services: Range<u32>,
    /// Its options.
    pub options: Options<'a>,
    /// Its features, resolved.
    pub features: Features,
    /// `java_string_check_utf8` where it is set.
    pub java_string_check_utf8: Option<bool>,
    /// The descriptor as it came.
    pub bytes: &'a [u8],
    /// Its `source_code_info` as it came.
    pub(crate) source_info: &'a [u8],
}

/// A message.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// Its id.
    pub id: MessageId,
    /// Its own name.
    pub name: &'a str,
    /// The file it stands in.
    pub file: FileId,
    /// The message it stands in.
    pub parent: Option<MessageId>,
    /// Its position among its siblings.
    pub position: u32,
    /// Its fields.
    pub fields: Range<u32>,
    /// The extensions declared inside it.
    pub extensions: Range<u32>,
    /// Its oneofs, synthetic ones included.
    pub oneofs: Range<u32>,
    /// The messages nested in it.
    pub messages: Range<u32>,
    /// The enums nested in it.
    pub enums: Range<u32>,
    /// Reserved numbers.
    pub reserved: Vec<NumberRange>,
    /// Reserved names.
    pub reserved_names: Vec<&'a str>,
    /// Numbers left to extensions.
    pub extension_ranges: Vec<NumberRange>,
    /// Its options.
    pub options: Options<'a>,
    /// Its features, resolved.
    pub features: Features,
    /// It is the entry of a map field, made by the compiler.
    pub map_entry: bool,
    /// `export`, `local` or neither.
    pub visibility: Visibility,
    /// The descriptor as it came.
    pub bytes: &'a [u8],
    pub(crate) depth: u32,
    pub(crate) full_name: (u32, u32),
}

/// A field of a message, or an extension.
#[derive(Debug, Clone)]
pub struct Field<'a> {
    /// Its id.
    pub id: FieldId,
    /// Its own name.
    pub name: &'a str,
    /// Its number.
    pub number: i32,
    /// The file it stands in.
    pub file: FileId,
    /// What it is declared in; a field of a message always in that message.
    pub scope: Scope,
    /// Its position among its siblings.
    pub position: u32,
    /// The message an extension extends.
    pub extendee: Option<MessageId>,
    /// What it holds, resolved: a delimited message is [`Kind::Group`].
    pub kind: Kind,
    /// What its descriptor says it holds.
    pub declared_kind: Kind,
    /// The message or enum it holds.
    pub target: Target,
    /// `optional`, `required` or `repeated` as the descriptor says it.
    pub label: Label,
    /// The oneof it is in, synthetic or not.
    pub oneof: Option<OneofId>,
    /// `optional` of proto3.
    pub proto3_optional: bool,
    /// The name in JSON where the descriptor gives it.
    pub declared_json_name: Option<&'a str>,
    /// The default where one is given, as the descriptor writes it.
    pub declared_default: Option<&'a [u8]>,
    /// Its options.
    pub options: Options<'a>,
    /// Its features, resolved.
    pub features: Features,
    /// The descriptor as it came.
    pub bytes: &'a [u8],
}

/// A oneof.
#[derive(Debug, Clone)]
pub struct Oneof<'a> {
    /// Its id.
    pub id: OneofId,
    /// Its own name.
    pub name: &'a str,
    /// The message it stands in.
    pub message: MessageId,
    /// Its position among its siblings.
    pub position: u32,
    /// Made by the compiler for an `optional` of proto3.
    pub synthetic: bool,
    /// Its options.
    pub options: Options<'a>,
    /// The descriptor as it came.
    pub bytes: &'a [u8],
}

/// An enum.
#[derive(Debug, Clone)]
pub struct Enum<'a> {
    /// Its id.
    pub id: EnumId,
    /// Its own name.
    pub name: &'a str,
    /// The file it stands in.
    pub file: FileId,
    /// The message it stands in.
    pub parent: Option<MessageId>,
    /// Its position among its siblings.
    pub position: u32,
    /// Its values, in the order of the text.
    pub values: Range<u32>,
    /// Reserved numbers.
    pub reserved: Vec<NumberRange>,
    /// Reserved names.
    pub reserved_names: Vec<&'a str>,
    /// Its options.
    pub options: Options<'a>,
    /// Its features, resolved.
    pub features: Features,
    /// `export`, `local` or neither.
    pub visibility: Visibility,
    /// The descriptor as it came.
    pub bytes: &'a [u8],
    pub(crate) full_name: (u32, u32),
}

/// An enum value.
#[derive(Debug, Clone)]
pub struct EnumValue<'a> {
    /// Its id.
    pub id: ValueId,
    /// Its own name.
    pub name: &'a str,
    /// Its number.
    pub number: i32,
    /// The enum it stands in.
    pub parent: EnumId,
    /// Its position among its siblings.
    pub position: u32,
    /// Its options.
    pub options: Options<'a>,
    /// The descriptor as it came.
    pub bytes: &'a [u8],
}

/// A service.
#[derive(Debug, Clone)]
pub struct Service<'a> {
    /// Its id.
    pub id: ServiceId,
    /// Its own name.
    pub name: &'a str,
    /// The file it stands in.
    pub file: FileId,
    /// Its position among its siblings.
    pub position: u32,
    /// Its methods.
    pub methods: Range<u32>,
    /// Its options.
    pub options: Options<'a>,
    /// The descriptor as it came.
    pub bytes: &'a [u8],
    pub(crate) full_name: (u32, u32),
}

/// A method.
#[derive(Debug, Clone)]
pub struct Method<'a> {
    /// Its id.
    pub id: MethodId,
    /// Its own name.
    pub name: &'a str,
    /// The service it stands in.
    pub service: ServiceId,
    /// Its position among its siblings.
    pub position: u32,
    /// The type of its requests.
    pub input: MessageId,
    /// The type of its responses.
    pub output: MessageId,
    /// The client sends a stream.
    pub client_streaming: bool,
    /// The server sends a stream.
    pub server_streaming: bool,
    /// Its options.
    pub options: Options<'a>,
    /// The descriptor as it came.
    pub bytes: &'a [u8],
}

/// A range of numbers, both ends inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NumberRange {
    /// The first number.
    pub first: i32,
    /// The last number.
    pub last: i32,
}

impl Message<'_> {
    /// Whether it writes its extensions as the items of a set
    /// (`message_set_wire_format`).
    pub fn is_set(&self) -> bool {
        self.options.bool(1) == Some(true)
    }
}

impl NumberRange {
    /// One number.
    pub fn of(number: i32) -> Self {
        NumberRange {
            first: number,
            last: number,
        }
    }

    /// Whether the number lies inside.
    pub fn holds(self, number: i32) -> bool {
        (self.first..=self.last).contains(&number)
    }
}

/// What a field holds; the numbers are those of `FieldDescriptorProto.Type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are protobuf's")]
pub enum Kind {
    Double,
    Float,
    Int64,
    Uint64,
    Int32,
    Fixed64,
    Fixed32,
    Bool,
    String,
    Group,
    Message,
    Bytes,
    Uint32,
    Enum,
    Sfixed32,
    Sfixed64,
    Sint32,
    Sint64,
}

impl Kind {
    const ALL: [Kind; 18] = [
        Kind::Double,
        Kind::Float,
        Kind::Int64,
        Kind::Uint64,
        Kind::Int32,
        Kind::Fixed64,
        Kind::Fixed32,
        Kind::Bool,
        Kind::String,
        Kind::Group,
        Kind::Message,
        Kind::Bytes,
        Kind::Uint32,
        Kind::Enum,
        Kind::Sfixed32,
        Kind::Sfixed64,
        Kind::Sint32,
        Kind::Sint64,
    ];

    fn read(number: i32) -> Option<Kind> {
        let place = usize::try_from(number).ok()?.checked_sub(1)?;
        Kind::ALL.get(place).copied()
    }

    /// The keyword of the language.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Double => "double",
            Kind::Float => "float",
            Kind::Int64 => "int64",
            Kind::Uint64 => "uint64",
            Kind::Int32 => "int32",
            Kind::Fixed64 => "fixed64",
            Kind::Fixed32 => "fixed32",
            Kind::Bool => "bool",
            Kind::String => "string",
            Kind::Group => "group",
            Kind::Message => "message",
            Kind::Bytes => "bytes",
            Kind::Uint32 => "uint32",
            Kind::Enum => "enum",
            Kind::Sfixed32 => "sfixed32",
            Kind::Sfixed64 => "sfixed64",
            Kind::Sint32 => "sint32",
            Kind::Sint64 => "sint64",
        }
    }

    /// A message, however it is framed.
    pub fn is_message(self) -> bool {
        matches!(self, Kind::Message | Kind::Group)
    }

    /// Named by a type of the set.
    pub fn is_named(self) -> bool {
        self.is_message() || self == Kind::Enum
    }
}

/// The type a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// A scalar.
    Scalar,
    /// A message.
    Message(MessageId),
    /// An enum.
    Enum(EnumId),
}

/// The label of a field's descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are protobuf's")]
pub enum Label {
    Optional,
    Required,
    Repeated,
}

/// How many values a field holds, and whether unset is one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cardinality {
    /// One; zero and unset differ.
    Explicit,
    /// One; zero and unset are the same.
    Implicit,
    /// One, and it must be set.
    Required,
    /// A list.
    Repeated,
    /// A map.
    Map,
}

/// Who may name a message or enum (edition 2024).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// As the file's default says.
    Unset,
    /// Its own file.
    Local,
    /// Everybody.
    Export,
}

/// The files of one side with everything they import.
pub struct DescriptorSet<'a> {
    pub(crate) files: Vec<File<'a>>,
    pub(crate) messages: Vec<Message<'a>>,
    pub(crate) fields: Vec<Field<'a>>,
    pub(crate) oneofs: Vec<Oneof<'a>>,
    pub(crate) enums: Vec<Enum<'a>>,
    pub(crate) values: Vec<EnumValue<'a>>,
    pub(crate) services: Vec<Service<'a>>,
    pub(crate) methods: Vec<Method<'a>>,
    pub(crate) names: index::Names,
    /// By file: whether its package is annotated; rules ask it of every element.
    pub(crate) annotated: OnceLock<Vec<bool>>,
    /// Its custom options; the canonical form asks for them.
    pub(crate) custom: OnceLock<crate::canon::Custom>,
    /// What witnesses ask of its messages.
    pub(crate) looked: OnceLock<crate::witness::Looked>,
    bytes: &'a [u8],
}

impl fmt::Debug for DescriptorSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DescriptorSet")
            .field("files", &self.files.len())
            .field("messages", &self.messages.len())
            .field("fields", &self.fields.len())
            .finish_non_exhaustive()
    }
}

macro_rules! tables {
    ($($id:ident => $table:ident: $element:ident),+ $(,)?) => {
        $(
            impl<'a> Index<$id> for DescriptorSet<'a> {
                type Output = $element<'a>;
                fn index(&self, id: $id) -> &$element<'a> {
                    &self.$table[id.index()]
                }
            }
        )+
        impl<'a> DescriptorSet<'a> {
            $(
                /// The whole table, in the order of the ids.
                pub fn $table(&self) -> &[$element<'a>] {
                    &self.$table
                }
            )+
        }
    };
}

tables! {
    FileId => files: File,
    MessageId => messages: Message,
    FieldId => fields: Field,
    OneofId => oneofs: Oneof,
    EnumId => enums: Enum,
    ValueId => values: EnumValue,
    ServiceId => services: Service,
    MethodId => methods: Method,
}

fn slice<'s, T>(table: &'s [T], range: &Range<u32>) -> &'s [T] {
    &table[range.start as usize..range.end as usize]
}

impl<'a> DescriptorSet<'a> {
    /// What witnesses ask of its messages.
    pub(crate) fn looked(&self) -> &crate::witness::Looked {
        self.looked.get_or_init(|| crate::witness::Looked::at(self))
    }

    /// The bytes it was read from.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The fields of a message.
    pub fn fields_of(&self, message: &Message<'_>) -> &[Field<'a>] {
        slice(&self.fields, &message.fields)
    }

    /// The oneofs of a message, synthetic ones included.
    pub fn oneofs_of(&self, message: &Message<'_>) -> &[Oneof<'a>] {
        slice(&self.oneofs, &message.oneofs)
    }

    /// The values of an enum, in the order of the text.
    pub fn values_of(&self, parent: &Enum<'_>) -> &[EnumValue<'a>] {
        slice(&self.values, &parent.values)
    }

    /// The methods of a service.
    pub fn methods_of(&self, service: &Service<'_>) -> &[Method<'a>] {
        slice(&self.methods, &service.methods)
    }

    /// All messages of a file, nested ones included.
    pub fn messages_of(&self, file: &File<'_>) -> &[Message<'a>] {
        slice(&self.messages, &file.all_messages)
    }

    /// All enums of a file, nested ones included.
    pub fn enums_of(&self, file: &File<'_>) -> &[Enum<'a>] {
        slice(&self.enums, &file.all_enums)
    }

    /// The services of a file.
    pub fn services_of(&self, file: &File<'_>) -> &[Service<'a>] {
        slice(&self.services, &file.services)
    }

    /// All extensions of a file, nested ones included.
    pub fn extensions_of(&self, file: &File<'_>) -> impl Iterator<Item = &Field<'a>> {
        slice(&self.fields, &file.all_fields)
            .iter()
            .filter(|field| field.extendee.is_some())
    }

    /// The message a field belongs to on the wire.
    pub fn owner(&self, field: &Field<'_>) -> MessageId {
        match (field.extendee, field.scope) {
            (Some(extendee), _) => extendee,
            (None, Scope::Message(message)) => message,
            (None, Scope::File) => unreachable!("a field without extendee stands in a message"),
        }
    }

    /// Whether the field is a map.
    pub fn is_map(&self, field: &Field<'_>) -> bool {
        field.label == Label::Repeated
            && matches!(field.target, Target::Message(entry) if self[entry].map_entry)
    }

    /// Whether a field, or a value of it where it is a map, holds a message of
    /// any type.
    pub fn holds_any(&self, field: &Field<'_>) -> bool {
        match field.target {
            Target::Message(entry) if self[entry].map_entry => {
                let mut members = self.fields_of(&self[entry]).iter();
                members.any(|member| self.holds_any(member))
            }
            Target::Message(id) => self.message_name(id) == "google.protobuf.Any",
            _ => false,
        }
    }

    /// How many values a field holds.
    pub fn cardinality(&self, field: &Field<'_>) -> Cardinality {
        if self.is_map(field) {
            Cardinality::Map
        } else if field.label == Label::Repeated {
            Cardinality::Repeated
        } else if field.label == Label::Required
            || field.features.presence == Presence::LegacyRequired
        {
            Cardinality::Required
        } else if field.features.presence == Presence::Explicit {
            Cardinality::Explicit
        } else {
            Cardinality::Implicit
        }
    }

    /// Whether a field is framed as a group.
    pub fn is_delimited(&self, field: &Field<'_>) -> bool {
        field.kind.is_message() && field.features.message == MessageEncoding::Delimited
    }

    /// The oneof of the text a field is in; a synthetic one is none.
    pub fn oneof_of(&self, field: &Field<'_>) -> Option<&Oneof<'a>> {
        field
            .oneof
            .map(|oneof| &self[oneof])
            .filter(|oneof| !oneof.synthetic)
    }

    /// The name of a field in JSON, derived where the descriptor has none.
    pub fn json_name<'s>(&self, field: &Field<'s>) -> std::borrow::Cow<'s, str> {
        match field.declared_json_name {
            Some(name) => name.into(),
            None => derived_json_name(field.name).into(),
        }
    }

    /// The file an element stands in.
    pub fn file_of(&self, element: ElementId) -> FileId {
        match element {
            ElementId::File(file) => file,
            ElementId::Message(id) => self[id].file,
            ElementId::Field(id) => self[id].file,
            ElementId::Oneof(id) => self[self[id].message].file,
            ElementId::Enum(id) => self[id].file,
            ElementId::Value(id) => self[self[id].parent].file,
            ElementId::Service(id) => self[id].file,
            ElementId::Method(id) => self[self[id].service].file,
        }
    }

    /// The features of an element: its own, or those of what it stands in.
    pub fn features_of(&self, element: ElementId) -> Features {
        match element {
            ElementId::File(id) => self[id].features,
            ElementId::Message(id) => self[id].features,
            ElementId::Field(id) => self[id].features,
            ElementId::Oneof(id) => self[self[id].message].features,
            ElementId::Enum(id) => self[id].features,
            ElementId::Value(id) => self[self[id].parent].features,
            ElementId::Service(_) | ElementId::Method(_) => self[self.file_of(element)].features,
        }
    }

    /// The full name of an element; of a file its path.
    pub fn full_name(&self, element: impl Into<ElementId>) -> String {
        let inside = |outer: &str, name: &str| {
            if outer.is_empty() {
                name.to_owned()
            } else {
                format!("{outer}.{name}")
            }
        };
        match element.into() {
            ElementId::File(id) => self[id].path.to_owned(),
            ElementId::Message(id) => self.message_name(id).to_owned(),
            ElementId::Field(id) => {
                let field = &self[id];
                match field.scope {
                    Scope::File => inside(self[field.file].package, field.name),
                    Scope::Message(message) => inside(self.message_name(message), field.name),
                }
            }
            ElementId::Oneof(id) => inside(self.message_name(self[id].message), self[id].name),
            ElementId::Enum(id) => self.enum_name(id).to_owned(),
            // A value is a sibling of its enum, not its child.
            ElementId::Value(id) => {
                let parent = &self[self[id].parent];
                match parent.parent {
                    Some(message) => inside(self.message_name(message), self[id].name),
                    None => inside(self[parent.file].package, self[id].name),
                }
            }
            ElementId::Service(id) => self.service_name(id).to_owned(),
            ElementId::Method(id) => inside(self.service_name(self[id].service), self[id].name),
        }
    }

    /// The full name of a message, without a leading dot.
    pub fn message_name(&self, id: MessageId) -> &str {
        self.names.text(self[id].full_name)
    }

    /// The full name of an enum, without a leading dot.
    pub fn enum_name(&self, id: EnumId) -> &str {
        self.names.text(self[id].full_name)
    }

    /// The full name of a service, without a leading dot.
    pub fn service_name(&self, id: ServiceId) -> &str {
        self.names.text(self[id].full_name)
    }

    /// The full name of what a field holds, empty for a scalar.
    pub fn target_name(&self, field: &Field<'_>) -> &str {
        match field.target {
            Target::Scalar => "",
            Target::Message(id) => self.message_name(id),
            Target::Enum(id) => self.enum_name(id),
        }
    }

    /// The part of a full name below the package: `Outer.Inner`.
    pub fn nested_name(&self, element: impl Into<ElementId>) -> String {
        let element = element.into();
        let package = self[self.file_of(element)].package;
        let name = self.full_name(element);
        match name.strip_prefix(package) {
            Some(rest) if !package.is_empty() => rest.trim_start_matches('.').to_owned(),
            _ => name,
        }
    }

    /// The first edition file of the set, if it has one: reflection libraries
    /// that know no editions must not be handed such a set.
    pub fn first_edition(&self) -> Option<&File<'a>> {
        self.files
            .iter()
            .find(|file| matches!(file.syntax, Syntax::Edition(_)))
    }
}

/// The name in JSON that a compiler gives a field: underscores go, the letter
/// behind each is made upper case.
pub fn derived_json_name(name: &str) -> String {
    let mut json = String::with_capacity(name.len());
    let mut upper = false;
    for char in name.chars() {
        if char == '_' {
            upper = true;
        } else if upper {
            json.push(char.to_ascii_uppercase());
            upper = false;
        } else {
            json.push(char);
        }
    }
    json
}
