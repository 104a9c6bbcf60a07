//! The interface as descriptors, at every minor of its major.
//!
//! The text is that of the newest minor; an element that came later than the
//! first carries a `since` mark, so an older minor is the text without the
//! elements that are marked with a later one. Marks for what went the other
//! way (`deprecated`) have no `since` and stay.

use prost::Message;
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor,
    MethodDescriptor, Value,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The package of the interface.
pub const PACKAGE: &str = "aperio.plugin.v1";

static NEWEST: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(crate::DESCRIPTORS).expect("the committed set holds all its imports")
});

/// Every file of this crate, at the newest minor.
pub fn newest() -> &'static DescriptorPool {
    &NEWEST
}

/// The same files without the elements that are newer than this minor; none
/// where this crate does not know the minor.
pub fn at(minor: u32) -> Option<DescriptorPool> {
    if minor > crate::INTERFACE_VERSION.1 {
        return None;
    }
    let set = NEWEST
        .get_message_by_name("google.protobuf.FileDescriptorSet")
        .expect("the annotations import descriptor.proto");
    let mut set = DynamicMessage::decode(set, crate::DESCRIPTORS)
        .expect("the committed set is a FileDescriptorSet");
    let cut = Cut { minor };
    let before = named_types(&mut set);
    for file in list(&mut set, "file").iter_mut().filter_map(message) {
        cut.file(file);
    }
    let after = named_types(&mut set);
    // Enums carry no mark: one that no field names any more came with them.
    let all =
        |named: &NamedTypes| -> BTreeSet<String> { named.values().flatten().cloned().collect() };
    let gone = &all(&before) - &all(&after);
    for file in list(&mut set, "file").iter_mut().filter_map(message) {
        let package = text(file, "package").unwrap_or_default();
        list(file, "enum_type").retain(|one| {
            let name = one.as_message().and_then(|one| text(one, "name"));
            name.is_none_or(|name| !gone.contains(&format!(".{package}.{name}")))
        });
        // An import goes with the last type that was named from it.
        let name = text(file, "name").unwrap_or_default();
        let (before, after) = (home_files(&before[&name]), home_files(&after[&name]));
        list(file, "dependency").retain(|import| {
            let import = import.as_str().unwrap_or_default();
            !before.contains(import) || after.contains(import)
        });
    }
    let pool = DescriptorPool::decode(set.encode_to_vec().as_slice());
    Some(pool.expect("what is newer is used by what is newer alone"))
}

/// By file the full names, with a dot in front, of the types that its fields
/// and methods name.
type NamedTypes = BTreeMap<String, BTreeSet<String>>;

fn named_types(set: &mut DynamicMessage) -> NamedTypes {
    fn add(message: &mut DynamicMessage, named: &mut BTreeSet<String>) {
        let fields = list(message, "field").iter();
        named.extend(fields.filter_map(|field| text(field.as_message()?, "type_name")));
        for nested in list(message, "nested_type")
            .iter_mut()
            .filter_map(self::message)
        {
            add(nested, named);
        }
    }
    let mut by_file = NamedTypes::new();
    for file in list(set, "file").iter_mut().filter_map(message) {
        let named = by_file
            .entry(text(file, "name").unwrap_or_default())
            .or_default();
        for declared in list(file, "message_type").iter_mut().filter_map(message) {
            add(declared, named);
        }
        for service in list(file, "service").iter_mut().filter_map(message) {
            for method in list(service, "method").iter().filter_map(Value::as_message) {
                named.extend(text(method, "input_type"));
                named.extend(text(method, "output_type"));
            }
        }
    }
    by_file
}

/// The files that declare some types.
fn home_files(types: &BTreeSet<String>) -> BTreeSet<String> {
    let home = |name: &String| {
        let name = name.trim_start_matches('.');
        let message = NEWEST.get_message_by_name(name);
        let file = message.map(|message| message.parent_file());
        let file = file.or_else(|| Some(NEWEST.get_enum_by_name(name)?.parent_file()))?;
        Some(file.name().to_owned())
    };
    types.iter().filter_map(home).collect()
}

/// Takes away what is newer than a minor, in descriptors as messages: there
/// the marks, which are extensions, are kept and can be read.
struct Cut {
    minor: u32,
}

impl Cut {
    fn file(&self, file: &mut DynamicMessage) {
        self.retain(file, "message_type", "message_since");
        for message in list(file, "message_type").iter_mut().filter_map(message) {
            self.message(message);
        }
        self.enums(file);
        for service in list(file, "service").iter_mut().filter_map(message) {
            self.retain(service, "method", "method_since");
        }
    }

    fn message(&self, declared: &mut DynamicMessage) {
        self.retain(declared, "nested_type", "message_since");
        self.retain(declared, "field", "field_since");
        drop_unused_entries(declared);
        drop_empty_oneofs(declared);
        for nested in list(declared, "nested_type").iter_mut().filter_map(message) {
            self.message(nested);
        }
        self.enums(declared);
    }

    fn enums(&self, parent: &mut DynamicMessage) {
        for one in list(parent, "enum_type").iter_mut().filter_map(message) {
            self.retain(one, "value", "value_since");
        }
    }

    fn retain(&self, parent: &mut DynamicMessage, elements: &str, mark: &str) {
        list(parent, elements).retain(|element| {
            element
                .as_message()
                .is_none_or(|element| since(element, mark) <= self.minor)
        });
    }
}

/// The minor that an element's mark names, 0 without one.
fn since(element: &DynamicMessage, mark: &str) -> u32 {
    let mark = NEWEST
        .get_extension_by_name(&format!("aperio.annotations.v1.{mark}"))
        .expect("the mark is declared");
    let Some(options) = element.get_field_by_name("options") else {
        return 0;
    };
    let Some(options) = options.as_message() else {
        return 0;
    };
    let version = options.get_extension(&mark);
    let minor = version.as_str().and_then(|text| text.split_once('.'));
    minor.and_then(|(_, minor)| minor.parse().ok()).unwrap_or(0)
}

/// The entry type of a map field goes with the field.
fn drop_unused_entries(message: &mut DynamicMessage) {
    let used: Vec<String> = list(message, "field")
        .iter()
        .filter_map(|field| text(field.as_message()?, "type_name"))
        .collect();
    list(message, "nested_type").retain(|nested| {
        let Some(nested) = nested.as_message() else {
            return true;
        };
        let is_entry = nested.get_field_by_name("options").and_then(|options| {
            options
                .as_message()?
                .get_field_by_name("map_entry")?
                .as_bool()
        }) == Some(true);
        let name = format!(".{}", text(nested, "name").unwrap_or_default());
        !is_entry || used.iter().any(|used| used.ends_with(&name))
    });
}

/// A oneof goes with its last field, and the fields of the others count anew.
fn drop_empty_oneofs(declared: &mut DynamicMessage) {
    let index = |field: &DynamicMessage| {
        let has = field.has_field_by_name("oneof_index");
        let index = field.get_field_by_name("oneof_index")?.as_i32()?;
        usize::try_from(index).ok().filter(|_| has)
    };
    let used: BTreeSet<usize> = list(declared, "field")
        .iter()
        .filter_map(|field| index(field.as_message()?))
        .collect();
    let mut at = 0;
    list(declared, "oneof_decl").retain(|_| {
        at += 1;
        used.contains(&(at - 1))
    });
    for field in list(declared, "field").iter_mut().filter_map(message) {
        if let Some(old) = index(field) {
            let new = used.range(..old).count();
            let new = i32::try_from(new).expect("a message has fewer oneofs than fields");
            field.set_field_by_name("oneof_index", Value::I32(new));
        }
    }
}

fn list<'a>(message: &'a mut DynamicMessage, field: &str) -> &'a mut Vec<Value> {
    message
        .get_field_by_name_mut(field)
        .and_then(Value::as_list_mut)
        .expect("descriptor.proto has this list")
}

fn message(value: &mut Value) -> Option<&mut DynamicMessage> {
    value.as_message_mut()
}

fn text(message: &DynamicMessage, field: &str) -> Option<String> {
    Some(message.get_field_by_name(field)?.as_str()?.to_owned())
}

/// What is declared in the packages that `wanted` names, one entry per
/// element: its full name, and what a peer relies on in one line. Equal maps
/// are equal interfaces as far as bytes and generated code go.
pub fn shape(pool: &DescriptorPool, wanted: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let mut shape = BTreeMap::new();
    for declared in pool.all_messages() {
        if declared.is_map_entry() || !wanted(declared.package_name()) {
            continue;
        }
        shape.insert(declared.full_name().to_owned(), "message".to_owned());
        for field in declared.fields() {
            shape.insert(field.full_name().to_owned(), field_shape(&field));
        }
    }
    for declared in pool.all_enums().filter(|one| wanted(one.package_name())) {
        shape.insert(declared.full_name().to_owned(), "enum".to_owned());
        for value in declared.values() {
            let text = format!("value {} of {}", value.number(), declared.full_name());
            shape.insert(value.full_name().to_owned(), text);
        }
    }
    for service in pool.services().filter(|one| wanted(one.package_name())) {
        shape.insert(service.full_name().to_owned(), "service".to_owned());
        for method in service.methods() {
            shape.insert(method.full_name().to_owned(), method_shape(&method));
        }
    }
    shape
}

fn field_shape(field: &FieldDescriptor) -> String {
    let label = match (field.cardinality(), field.containing_oneof()) {
        (Cardinality::Repeated, _) => "repeated ".to_owned(),
        (Cardinality::Required, _) => "required ".to_owned(),
        (_, Some(oneof)) if oneof.is_synthetic() => "optional ".to_owned(),
        (_, Some(oneof)) => format!("one of {}: ", oneof.name()),
        (Cardinality::Optional, None) => String::new(),
    };
    let kind = match field.kind() {
        Kind::Message(entry) if field.is_map() => map_shape(&entry),
        kind => format!("{label}{}", kind_shape(&kind)),
    };
    format!("field {}, {kind}", field.number())
}

fn map_shape(entry: &MessageDescriptor) -> String {
    let key = kind_shape(&entry.map_entry_key_field().kind());
    let value = kind_shape(&entry.map_entry_value_field().kind());
    format!("map<{key}, {value}>")
}

fn kind_shape(kind: &Kind) -> String {
    match kind {
        Kind::Message(message) => message.full_name().to_owned(),
        Kind::Enum(one) => one.full_name().to_owned(),
        scalar => format!("{scalar:?}").to_lowercase(),
    }
}

fn method_shape(method: &MethodDescriptor) -> String {
    let stream = |streams: bool| if streams { "stream " } else { "" };
    format!(
        "method ({}{}) returns ({}{})",
        stream(method.is_client_streaming()),
        method.input().full_name(),
        stream(method.is_server_streaming()),
        method.output().full_name()
    )
}
