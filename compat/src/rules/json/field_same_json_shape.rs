use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::{Cardinality, DescriptorSet, Field, Kind, MessageId, Target};
use crate::pair::{Pair, World};
use std::collections::{HashMap, HashSet};

rule! {
    /// A field keeps its shape in JSON.
    ///
    /// Numbers of 64 bits are written as text, bytes as base64, enums by name, times and durations as text of their own; keys of maps are always text. Another message type counts where one of its fields has another name or shape in JSON.
    ///
    /// ```proto old
    /// message M { int32 a = 1; E e = 2; N n = 3; map<int32, string> m = 4; }
    /// message N { int32 a = 1; }
    /// message O { int32 b = 1; }
    /// message P { sint32 a = 1; int32 b = 2; }
    /// enum E { E_A = 0; }
    /// ```
    /// ```proto breaks
    /// message M { int64 a = 1; E e = 2; N n = 3; map<int32, string> m = 4; }
    /// message N { int32 a = 1; }
    /// message O { int32 b = 1; }
    /// message P { sint32 a = 1; int32 b = 2; }
    /// enum E { E_A = 0; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; int32 e = 2; N n = 3; map<int32, string> m = 4; }
    /// message N { int32 a = 1; }
    /// message O { int32 b = 1; }
    /// message P { sint32 a = 1; int32 b = 2; }
    /// enum E { E_A = 0; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; E e = 2; O n = 3; map<int32, string> m = 4; }
    /// message N { int32 a = 1; }
    /// message O { int32 b = 1; }
    /// message P { sint32 a = 1; int32 b = 2; }
    /// enum E { E_A = 0; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; E e = 2; N n = 3; map<int32, bool> m = 4; }
    /// message N { int32 a = 1; }
    /// message O { int32 b = 1; }
    /// message P { sint32 a = 1; int32 b = 2; }
    /// enum E { E_A = 0; }
    /// ```
    /// ```proto allowed
    /// message M { float a = 1; E e = 2; P n = 3; map<int64, string> m = 4; }
    /// message N { int32 a = 1; }
    /// message O { int32 b = 1; }
    /// message P { sint32 a = 1; int32 b = 2; }
    /// enum E { E_A = 0; }
    /// ```
    "FIELD_SAME_JSON_SHAPE", Field,
    aperio [Json],
    covers ["FIELD_WIRE_JSON_COMPATIBLE_TYPE", "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY"],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let entry = |set: &DescriptorSet, field: &Field| {
        field.extendee.is_none() && set[set.owner(field)].map_entry
    };
    // The field that is a map speaks for its entry.
    if entry(world.old, pair.old) || entry(world.new, pair.new) {
        return;
    }
    if Shapes::new(world).equal(pair) {
        return;
    }
    let message = format!(
        "{} was {} in JSON and is {}",
        world.new.full_name(pair.new.id),
        text(world.old, pair.old),
        text(world.new, pair.new)
    );
    let part = if pair.new.kind.is_named() { 6 } else { 5 };
    let spot = Spot::part(world.new, pair.new.id, &[part]);
    found.at(pair.new.id, spot, Some(pair.old.file), message);
}

/// Whether what one message is in JSON is read as another.
pub(super) fn alike(world: &World, old: MessageId, new: MessageId) -> bool {
    let mut shapes = Shapes::new(world);
    shapes.met.insert((old, new));
    shapes.rest.push((old, new));
    shapes.rest()
}

/// One value in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Number,
    NumberAsText,
    Bool,
    Text,
    Time,
    Span,
    Mask,
    Base64,
    Name,
    Anything,
    List,
    Null,
    Struct,
    Typed,
    Object,
}

impl Shape {
    fn of(set: &DescriptorSet<'_>, field: &Field<'_>) -> Self {
        match field.kind {
            Kind::Double
            | Kind::Float
            | Kind::Int32
            | Kind::Uint32
            | Kind::Sint32
            | Kind::Fixed32
            | Kind::Sfixed32 => Shape::Number,
            Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64 => {
                Shape::NumberAsText
            }
            Kind::Bool => Shape::Bool,
            Kind::String => Shape::Text,
            Kind::Bytes => Shape::Base64,
            Kind::Enum if set.target_name(field) == "google.protobuf.NullValue" => Shape::Null,
            Kind::Enum => Shape::Name,
            Kind::Group | Kind::Message => Shape::of_message(set.target_name(field)),
        }
    }

    /// Some well-known messages are no objects in JSON.
    fn of_message(name: &str) -> Self {
        match name.strip_prefix("google.protobuf.") {
            Some("Timestamp") => Shape::Time,
            Some("Duration") => Shape::Span,
            Some("FieldMask") => Shape::Mask,
            Some("StringValue") => Shape::Text,
            Some("DoubleValue" | "FloatValue" | "Int32Value" | "UInt32Value") => Shape::Number,
            Some("Int64Value" | "UInt64Value") => Shape::NumberAsText,
            Some("BoolValue") => Shape::Bool,
            Some("BytesValue") => Shape::Base64,
            Some("Value") => Shape::Anything,
            Some("ListValue") => Shape::List,
            Some("Struct") => Shape::Struct,
            Some("Any") => Shape::Typed,
            _ => Shape::Object,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Shape::Number => "a number",
            Shape::NumberAsText => "a number written as text",
            Shape::Bool => "a bool",
            Shape::Text => "a text",
            Shape::Time => "a time written as text",
            Shape::Span => "a duration written as text",
            Shape::Mask => "a mask written as text",
            Shape::Base64 => "base64",
            Shape::Name => "the name of a value",
            Shape::Anything => "anything",
            Shape::List => "a list",
            Shape::Null => "null",
            Shape::Struct => "an object of anything",
            Shape::Typed => "an object that names its type",
            Shape::Object => "an object",
        }
    }
}

/// The field whose values are meant: of a map the value of its entry.
fn value<'s, 'a>(set: &'s DescriptorSet<'a>, field: &'s Field<'a>) -> &'s Field<'a> {
    match field.target {
        Target::Message(entry) if set[entry].map_entry => {
            let fields = set.fields_of(&set[entry]);
            fields
                .iter()
                .find(|field| field.number == 2)
                .unwrap_or(field)
        }
        _ => field,
    }
}

fn text(set: &DescriptorSet<'_>, field: &Field<'_>) -> String {
    let value = value(set, field);
    let shape = match value.target {
        Target::Message(_) => format!(
            "{} ({})",
            Shape::of(set, value).word(),
            set.target_name(value)
        ),
        _ => Shape::of(set, value).word().to_owned(),
    };
    match set.cardinality(field) {
        Cardinality::Repeated => format!("a list, each {shape}"),
        Cardinality::Map => format!("a map, each value {shape}"),
        _ => shape,
    }
}

/// Pairs of types that one comparison walks through before it gives up and
/// calls them different.
const TYPES: usize = 4096;

/// Compares through types that are not paired by name.
struct Shapes<'w> {
    old: &'w DescriptorSet<'w>,
    new: &'w DescriptorSet<'w>,
    /// Pairs of messages that have been met, and those yet to be compared.
    met: HashSet<(MessageId, MessageId)>,
    rest: Vec<(MessageId, MessageId)>,
}

impl<'w> Shapes<'w> {
    fn new(world: &World<'w>) -> Self {
        Shapes {
            old: world.old,
            new: world.new,
            met: HashSet::new(),
            rest: Vec::new(),
        }
    }

    fn equal(&mut self, pair: &Pair<Field>) -> bool {
        self.field(pair.old, pair.new) && self.rest()
    }

    fn rest(&mut self) -> bool {
        while let Some((old, new)) = self.rest.pop() {
            if self.met.len() > TYPES || !self.message(old, new) {
                return false;
            }
        }
        true
    }

    fn field(&mut self, old: &Field<'_>, new: &Field<'_>) -> bool {
        // Whether unset is told from zero is not seen in a value.
        let count = |cardinality| match cardinality {
            Cardinality::Repeated | Cardinality::Map => cardinality,
            _ => Cardinality::Explicit,
        };
        if count(self.old.cardinality(old)) != count(self.new.cardinality(new)) {
            return false;
        }
        let (old, new) = (value(self.old, old), value(self.new, new));
        let shape = Shape::of(self.old, old);
        if shape != Shape::of(self.new, new) {
            return false;
        }
        match (old.target, new.target) {
            // One name on both sides is a pair that is judged as such.
            (Target::Message(old_type), Target::Message(new_type)) => {
                let renamed = self.old.target_name(old) != self.new.target_name(new);
                if shape == Shape::Object && renamed && self.met.insert((old_type, new_type)) {
                    self.rest.push((old_type, new_type));
                }
                true
            }
            (Target::Enum(old), Target::Enum(new)) => {
                if self.old.enum_name(old) == self.new.enum_name(new) {
                    return true;
                }
                let names = self.new.values_of(&self.new[new]).iter();
                let names: HashSet<&str> = names.map(|value| value.name).collect();
                let mut values = self.old.values_of(&self.old[old]).iter();
                values.all(|value| names.contains(value.name))
            }
            _ => true,
        }
    }

    fn message(&mut self, old: MessageId, new: MessageId) -> bool {
        let (old_set, new_set) = (self.old, self.new);
        let by_name: HashMap<_, _> = new_set
            .fields_of(&new_set[new])
            .iter()
            .map(|field| (new_set.json_name(field), field))
            .collect();
        old_set.fields_of(&old_set[old]).iter().all(|field| {
            by_name
                .get(&old_set.json_name(field))
                .is_some_and(|twin| self.field(field, twin))
        })
    }
}
