//! The one form of a set that a digest is taken of.
//!
//! Compilers differ in the bytes they make of one text. Here fields stand in
//! the order of their numbers, files in the order of their paths, the JSON name
//! is always said, `syntax = "proto2"` never, and source info and the marks of
//! buf images are left out.

use crate::load::LoadError;
use crate::model::{
    DescriptorSet, ElementId, FieldId, File, FileId, Kind, Label, MessageId, Target,
    derived_json_name,
};
use crate::wire::{Malformed, Reader, Value, packed, put};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;
use std::mem::discriminant;

/// What the canonical form has to know of a descriptor message.
struct Shape {
    /// Sub-messages: number, shape, whether many may stand there.
    inside: &'static [(u32, &'static Shape, bool)],
    /// Other fields that may stand there many times.
    many: &'static [u32],
    /// What must be done beyond the order.
    twist: Twist,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Twist {
    None,
    File,
    Field,
    /// Options, and the message they are.
    Options(&'static str),
}

const RANGE: Shape = plain(&[]);
const EXTENSION_RANGE: Shape = plain(&[(3, &options_of("ExtensionRangeOptions"), false)]);
const ONEOF: Shape = plain(&[(2, &options_of("OneofOptions"), false)]);
const VALUE: Shape = plain(&[(3, &options_of("EnumValueOptions"), false)]);
const METHOD: Shape = plain(&[(4, &options_of("MethodOptions"), false)]);
const SERVICE: Shape = plain(&[
    (2, &METHOD, true),
    (3, &options_of("ServiceOptions"), false),
]);
const ENUM: Shape = Shape {
    many: &[5],
    ..plain(&[
        (2, &VALUE, true),
        (3, &options_of("EnumOptions"), false),
        (4, &RANGE, true),
    ])
};
const FIELD: Shape = Shape {
    twist: Twist::Field,
    ..plain(&[(8, &options_of("FieldOptions"), false)])
};
// Only a static may refer to itself.
static MESSAGE: Shape = Shape {
    inside: &[
        (2, &FIELD, true),
        (3, &MESSAGE, true),
        (4, &ENUM, true),
        (5, &EXTENSION_RANGE, true),
        (6, &FIELD, true),
        (7, &options_of("MessageOptions"), false),
        (8, &ONEOF, true),
        (9, &RANGE, true),
    ],
    many: &[10],
    twist: Twist::None,
};
static FILE: Shape = Shape {
    inside: &[
        (4, &MESSAGE, true),
        (5, &ENUM, true),
        (6, &SERVICE, true),
        (7, &FIELD, true),
        (8, &options_of("FileOptions"), false),
    ],
    many: &[3, 10, 11, 15],
    twist: Twist::File,
};

const fn plain(inside: &'static [(u32, &'static Shape, bool)]) -> Shape {
    Shape {
        inside,
        many: &[],
        twist: Twist::None,
    }
}

/// The messages that options are.
const OWNERS: [&str; 9] = [
    "EnumOptions",
    "EnumValueOptions",
    "ExtensionRangeOptions",
    "FieldOptions",
    "FileOptions",
    "MessageOptions",
    "MethodOptions",
    "OneofOptions",
    "ServiceOptions",
];

const fn options_of(message: &'static str) -> Shape {
    Shape {
        inside: &[],
        many: &[],
        twist: Twist::Options(message),
    }
}

/// Whether what a canonical form leaves out is kept.
#[derive(Clone, Copy)]
enum Keep<'s> {
    All,
    Canonical(&'s DescriptorSet<'s>),
    /// The same without options that say nothing, which some compilers write.
    /// Locks have them.
    Essential(&'s DescriptorSet<'s>),
    /// The same without what the language does not know: what libraries drop
    /// that know no custom options, and what each language's code says of
    /// files.
    Bare,
}

/// The smallest number of a custom option.
const CUSTOM: u32 = 1000;

/// The custom options of a set, and the fields of the messages they hold.
/// Compilers differ on the order of those fields, and on whether lists of
/// numbers are packed, whatever the declaration says.
#[derive(Debug, Default)]
pub(crate) struct Custom {
    options: HashMap<(&'static str, i32), FieldId>,
    fields: HashMap<(MessageId, i32), FieldId>,
}

impl Custom {
    fn of<'s>(set: &'s DescriptorSet<'_>) -> &'s Custom {
        set.custom.get_or_init(|| Custom::collect(set))
    }

    fn collect(set: &DescriptorSet<'_>) -> Custom {
        let mut custom = Custom::default();
        let mut owners: HashMap<MessageId, &'static str> = HashMap::new();
        for name in OWNERS {
            let owner = set.find_message(&format!("google.protobuf.{name}"));
            owners.extend(owner.map(|owner| (owner, name)));
        }
        let mut waiting = Vec::new();
        for field in set.fields() {
            if let Some(owner) = field.extendee.and_then(|extendee| owners.get(&extendee)) {
                custom.options.insert((*owner, field.number), field.id);
                waiting.push(field.target);
            }
        }
        let mut seen = HashSet::new();
        while let Some(target) = waiting.pop() {
            let Target::Message(message) = target else {
                continue;
            };
            if seen.insert(message) {
                for field in set.fields_of(&set[message]) {
                    custom.fields.insert((message, field.number), field.id);
                    waiting.push(field.target);
                }
            }
        }
        custom
    }
}

/// Writes a value of a custom option, or of a field in one, in its one form.
/// What is malformed stays as it came.
fn custom(
    set: &DescriptorSet<'_>,
    field: Option<&FieldId>,
    (number, value): (u32, Value<'_>),
    depth: u32,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    if let (Some(field), Value::Bytes(bytes)) = (field.map(|id| &set[*id]), value) {
        let written = match field.target {
            Target::Message(message) => {
                let mut inner = Vec::with_capacity(bytes.len());
                let written = fields_of(set, message, bytes, depth + 1, &mut inner);
                written.map(|()| put(out, number, Value::Bytes(&inner)))
            }
            _ if field.label == Label::Repeated => unpacked(field.kind, number, bytes, out),
            _ => Err(Malformed("no list and no message")),
        };
        if written.is_ok() {
            return;
        }
        out.truncate(start);
    }
    put(out, number, value);
}

fn fields_of(
    set: &DescriptorSet<'_>,
    message: MessageId,
    bytes: &[u8],
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    if depth > DEPTH {
        return Err(Malformed("options nest too deep"));
    }
    let known = &Custom::of(set).fields;
    let mut fields = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some(field) = reader.next()? {
        fields.push(field);
    }
    fields.sort_by_key(|(number, _)| *number);
    for (number, value) in fields {
        let field = i32::try_from(number).ok();
        let field = field.and_then(|number| known.get(&(message, number)));
        custom(set, field, (number, value), depth, out);
    }
    Ok(())
}

/// Writes a packed list one by one.
fn unpacked(kind: Kind, number: u32, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Malformed> {
    let broken = Malformed("a packed list ends inside a number");
    match kind {
        Kind::String | Kind::Bytes | Kind::Message | Kind::Group => {
            put(out, number, Value::Bytes(bytes));
        }
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => {
            let (values, []) = bytes.as_chunks() else {
                return Err(broken);
            };
            for value in values {
                put(out, number, Value::Fixed64(*value));
            }
        }
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => {
            let (values, []) = bytes.as_chunks() else {
                return Err(broken);
            };
            for value in values {
                put(out, number, Value::Fixed32(*value));
            }
        }
        _ => {
            for value in packed(bytes) {
                put(out, number, Value::Varint(value?));
            }
        }
    }
    Ok(())
}

/// How deep descriptors nest.
const DEPTH: u32 = 128;

fn rewrite(
    bytes: &[u8],
    shape: &Shape,
    keep: Keep<'_>,
    depth: u32,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    if depth > DEPTH {
        return Err(Malformed("descriptors nest too deep"));
    }
    let mut fields = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some(field) = reader.next()? {
        fields.push(field);
    }
    if let Twist::Options(message) = shape.twist {
        return options(&mut fields, message, keep, out);
    }
    let canonical = !matches!(keep, Keep::All);
    let mut json_name = None;
    if shape.twist == Twist::Field && canonical {
        // Compilers differ on the JSON name of extensions, which is derived
        // always: the language lets nobody set it.
        if !fields.iter().any(|(number, _)| *number == 10) {
            let name = fields.iter().rev().find(|(number, _)| *number == 1);
            let name = name.and_then(|(_, value)| value.bytes()).unwrap_or(&[]);
            json_name = Some(derived_json_name(&String::from_utf8_lossy(name)));
        }
    }
    if shape.twist == Twist::File && canonical {
        // The last syntax counts.
        let syntax = fields.iter().rev().find(|field| field.0 == 12).copied();
        let is_proto2 = syntax == Some((12, Value::Bytes(b"proto2")));
        fields.retain(|field| !matches!(field.0, 9 | 8042) && (field.0 != 12 || !is_proto2));
    }
    if let Some(name) = &json_name {
        fields.push((10, Value::Bytes(name.as_bytes())));
    }
    fields.sort_by_key(|(number, _)| *number);
    let mut at = 0;
    while at < fields.len() {
        let number = fields[at].0;
        let end = at + fields[at..].partition_point(|(other, _)| *other == number);
        let group = &fields[at..end];
        at = end;
        match shape.inside.iter().find(|(inside, ..)| *inside == number) {
            Some((_, inside, true)) => {
                for part in group.iter().filter_map(|(_, value)| value.bytes()) {
                    let mut inner = Vec::with_capacity(part.len());
                    rewrite(part, inside, keep, depth + 1, &mut inner)?;
                    put(out, number, Value::Bytes(&inner));
                }
            }
            // Protobuf merges what stands there twice, and so does one after
            // the other.
            Some((_, inside, false)) => {
                let mut whole = Vec::new();
                for part in group.iter().filter_map(|(_, value)| value.bytes()) {
                    whole.extend_from_slice(part);
                }
                let mut inner = Vec::with_capacity(whole.len());
                rewrite(&whole, inside, keep, depth + 1, &mut inner)?;
                if !(matches!(keep, Keep::Essential(_) | Keep::Bare) && inner.is_empty()) {
                    put(out, number, Value::Bytes(&inner));
                }
            }
            None if shape.twist == Twist::File && matches!(number, 9 | 8042) => {
                let mut whole = Vec::new();
                for part in group.iter().filter_map(|(_, value)| value.bytes()) {
                    whole.extend_from_slice(part);
                }
                put(out, number, Value::Bytes(&whole));
            }
            None if shape.many.contains(&number) => {
                for (_, value) in group {
                    match value {
                        // Public and weak imports are numbers, packed or not.
                        Value::Bytes(bytes)
                            if matches!(number, 10 | 11) && shape.twist == Twist::File =>
                        {
                            for value in packed(bytes) {
                                put(out, number, Value::Varint(value?));
                            }
                        }
                        _ => put(out, number, *value),
                    }
                }
            }
            // The last wins, among those of the wire type that a reader takes.
            None => {
                for (at, (_, value)) in group.iter().enumerate() {
                    let kind = discriminant(value);
                    let mut later = group[at + 1..].iter();
                    if !later.any(|(_, later)| discriminant(later) == kind) {
                        put(out, number, *value);
                    }
                }
            }
        }
    }
    Ok(())
}

fn options(
    fields: &mut [(u32, Value<'_>)],
    message: &'static str,
    keep: Keep<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Malformed> {
    if fields.iter().any(|(number, _)| *number == 999) {
        return Err(Malformed("an option was never interpreted"));
    }
    fields.sort_by_key(|(number, _)| *number);
    for (number, value) in fields {
        match keep {
            Keep::Bare if message == "FileOptions" || *number >= CUSTOM => {}
            Keep::All | Keep::Bare => put(out, *number, *value),
            Keep::Canonical(set) | Keep::Essential(set) => {
                let option = i32::try_from(*number).ok();
                let known = &Custom::of(set).options;
                let option = option.and_then(|number| known.get(&(message, number)));
                custom(set, option, (*number, *value), 0, out);
            }
        }
    }
    Ok(())
}

/// One file in canonical form.
pub fn file(set: &DescriptorSet<'_>, file: &File<'_>) -> Result<Vec<u8>, LoadError> {
    written(file.bytes, &FILE, Keep::Canonical(set), file.path)
}

/// One file in a form that is equal where nothing but its compiler differs.
pub(crate) fn essence(set: &DescriptorSet<'_>, file: &File<'_>) -> Result<Vec<u8>, LoadError> {
    written(file.bytes, &FILE, Keep::Essential(set), file.path)
}

/// One file as a plugin's reflection tells it, whatever library it is built
/// on: without custom options and the options of files.
pub fn bare(file: &File<'_>) -> Result<Vec<u8>, LoadError> {
    written(file.bytes, &FILE, Keep::Bare, file.path)
}

/// The descriptor of any element in canonical form, with what it holds.
pub fn element(set: &DescriptorSet<'_>, element: ElementId) -> Result<Vec<u8>, LoadError> {
    let (bytes, shape) = raw(set, element);
    let path = set[set.file_of(element)].path;
    written(bytes, shape, Keep::Canonical(set), path)
}

fn written(bytes: &[u8], shape: &Shape, keep: Keep<'_>, path: &str) -> Result<Vec<u8>, LoadError> {
    let mut out = Vec::with_capacity(bytes.len());
    rewrite(bytes, shape, keep, 0, &mut out).map_err(|why| LoadError::from(why).in_file(path))?;
    Ok(out)
}

/// An element as it came, and its shape.
fn raw<'a>(set: &DescriptorSet<'a>, element: ElementId) -> (&'a [u8], &'static Shape) {
    match element {
        ElementId::File(id) => (set[id].bytes, &FILE),
        ElementId::Message(id) => (set[id].bytes, &MESSAGE),
        ElementId::Field(id) => (set[id].bytes, &FIELD),
        ElementId::Oneof(id) => (set[id].bytes, &ONEOF),
        ElementId::Enum(id) => (set[id].bytes, &ENUM),
        ElementId::Value(id) => (set[id].bytes, &VALUE),
        ElementId::Service(id) => (set[id].bytes, &SERVICE),
        ElementId::Method(id) => (set[id].bytes, &METHOD),
    }
}

/// Whether two elements have the same bytes as they came, which says that they
/// are the same in every form.
pub(crate) fn same_bytes(
    (one, this): (&DescriptorSet<'_>, ElementId),
    (other, that): (&DescriptorSet<'_>, ElementId),
) -> bool {
    raw(one, this).0 == raw(other, that).0
}

/// What an element says of itself, in canonical form: what stands inside of it
/// is left out, and so is the path of a file.
pub(crate) fn own(set: &DescriptorSet<'_>, element: ElementId) -> Result<Vec<u8>, LoadError> {
    let inside: &[u32] = match element {
        ElementId::File(_) => &[1, 4, 5, 6, 7],
        ElementId::Message(_) => &[2, 3, 4, 6, 8],
        ElementId::Enum(_) | ElementId::Service(_) => &[2],
        _ => &[],
    };
    let (bytes, shape) = raw(set, element);
    let mut own = Vec::new();
    let mut reader = Reader::new(bytes);
    while let Some((number, value)) = reader.next()? {
        // The canonical form of a file is without its places.
        let places = number == 9 && matches!(element, ElementId::File(_));
        if !places && !inside.contains(&number) {
            put(&mut own, number, value);
        }
    }
    let path = set[set.file_of(element)].path;
    written(&own, shape, Keep::Essential(set), path)
}

/// Files in canonical form, as a set.
pub fn set(
    set: &DescriptorSet<'_>,
    files: impl IntoIterator<Item = FileId>,
) -> Result<Vec<u8>, LoadError> {
    let mut files: Vec<_> = files.into_iter().map(|id| &set[id]).collect();
    files.sort_by_key(|file| file.path);
    let mut out = Vec::new();
    for each in files {
        put(&mut out, 1, Value::Bytes(&file(set, each)?));
    }
    Ok(out)
}

/// The files of some packages with everything they import; no packages means
/// every file that is no import. Files of `google/protobuf/` come with the
/// compiler and change with it: `built_in` says whether they belong.
pub fn closure(set: &DescriptorSet<'_>, packages: &[&str], built_in: bool) -> Vec<FileId> {
    let wanted = set.files().iter().filter(|file| match packages {
        [] => !file.is_import,
        _ => packages.contains(&file.package),
    });
    imports(set, wanted.map(|file| file.id).collect(), built_in)
}

/// The files that declare some services, with everything they import, as
/// [`closure`].
pub fn serving(set: &DescriptorSet<'_>, services: &[&str], built_in: bool) -> Vec<FileId> {
    let wanted = set.services().iter().filter(|service| {
        let name = set.service_name(service.id);
        services.contains(&name)
    });
    imports(set, wanted.map(|service| service.file).collect(), built_in)
}

/// Some files with everything they import, by path.
fn imports(set: &DescriptorSet<'_>, mut wanted: Vec<FileId>, built_in: bool) -> Vec<FileId> {
    let by_path: HashMap<&str, FileId> = set
        .files()
        .iter()
        .map(|file| (file.path, file.id))
        .collect();
    let mut inside = HashSet::new();
    while let Some(id) = wanted.pop() {
        let file = &set[id];
        if (built_in || !file.path.starts_with("google/protobuf/")) && inside.insert(id) {
            let dependencies = file.dependencies.iter();
            wanted.extend(dependencies.filter_map(|path| by_path.get(path)));
        }
    }
    let mut inside: Vec<_> = inside.into_iter().collect();
    inside.sort_by_key(|id| set[*id].path);
    inside
}

/// Lower-case hex SHA-256.
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes every write");
        text
    })
}

/// The digest of some files: of what they declare, not of their comments.
pub fn digest(
    all: &DescriptorSet<'_>,
    files: impl IntoIterator<Item = FileId>,
) -> Result<String, LoadError> {
    Ok(sha256(&set(all, files)?))
}

/// The same set without a singular sub-message that stands there twice.
pub(crate) fn merged(set: &[u8]) -> Result<Vec<u8>, LoadError> {
    let mut out = Vec::with_capacity(set.len());
    let mut reader = Reader::new(set);
    while let Some((number, value)) = reader.next()? {
        if let (1, Value::Bytes(file)) = (number, value) {
            let mut inner = Vec::with_capacity(file.len());
            rewrite(file, &FILE, Keep::All, 0, &mut inner)?;
            put(&mut out, 1, Value::Bytes(&inner));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interface_has_the_digest_its_plugins_repeat() {
        let set = DescriptorSet::parse(proto::DESCRIPTORS).unwrap();
        let files = closure(&set, &["aperio.plugin.v1"], false);
        assert_eq!(digest(&set, files).unwrap(), proto::DESCRIPTOR_DIGEST);
    }

    #[test]
    fn a_canonical_form_is_its_own() {
        let all = DescriptorSet::parse(proto::DESCRIPTORS).unwrap();
        let ids = || all.files().iter().map(|file| file.id);
        let once = set(&all, ids()).unwrap();
        let again = DescriptorSet::parse(&once).unwrap();
        let ids: Vec<_> = again.files().iter().map(|file| file.id).collect();
        assert_eq!(set(&again, ids).unwrap(), once);
    }

    #[test]
    fn the_last_syntax_counts() {
        let mut file = Vec::new();
        put(&mut file, 1, Value::Bytes(b"a.proto"));
        put(&mut file, 12, Value::Bytes(b"unknown"));
        put(&mut file, 12, Value::Bytes(b"proto2"));
        let mut bytes = Vec::new();
        put(&mut bytes, 1, Value::Bytes(&file));
        let parsed = DescriptorSet::parse(&bytes).unwrap();
        let once = set(&parsed, [FileId(0)]).unwrap();
        assert!(DescriptorSet::parse(&once).is_ok());
    }

    #[test]
    fn order_defaults_and_doubles_do_not_matter() {
        // A file `a.proto` with a message M of one field; the other way round,
        // with `syntax = "proto2"`, and options that stand there twice.
        let field = [&[0x0a, 3][..], b"a_b", &[0x18, 1, 0x20, 1, 0x28, 5]].concat();
        let turned = [
            &[0x28, 5, 0x20, 1, 0x18, 1, 0x52, 2][..],
            b"aB",
            &[0x0a, 3],
            b"a_b",
        ]
        .concat();
        let message = |field: &[u8]| {
            let mut out = Vec::new();
            put(&mut out, 2, Value::Bytes(field));
            put(&mut out, 1, Value::Bytes(b"M"));
            out
        };
        let file = |field: &[u8], options: &[&[u8]], syntax: bool| {
            let mut out = Vec::new();
            for options in options {
                put(&mut out, 8, Value::Bytes(options));
            }
            if syntax {
                put(&mut out, 12, Value::Bytes(b"proto2"));
            }
            put(&mut out, 4, Value::Bytes(&message(field)));
            put(&mut out, 1, Value::Bytes(b"a.proto"));
            let mut set = Vec::new();
            put(&mut set, 1, Value::Bytes(&out));
            set
        };
        let one = file(&field, &[&[0x50, 1, 0x0a, 1, b'x']], false);
        let other = file(&turned, &[&[0x0a, 1, b'x'], &[0x50, 1]], true);
        assert!(DescriptorSet::parse(&other).unwrap_err().merged);
        let other = merged(&other).unwrap();
        let digests = [&one, &other].map(|bytes| {
            let set = DescriptorSet::parse(bytes).unwrap();
            digest(&set, [FileId(0)]).unwrap()
        });
        assert_eq!(digests[0], digests[1]);
    }
}
