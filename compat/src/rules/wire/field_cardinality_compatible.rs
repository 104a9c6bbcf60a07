use super::kinds::{packed, singular};
use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found, Spot};
use crate::model::{Cardinality, DescriptorSet, Field, Kind, Target};
use crate::pair::{Pair, World};
use crate::rules::buf::cardinality::word;
use crate::rules::buf::describe::field;
use crate::witness::{Probe, Sample};

rule! {
    /// A field that holds many values keeps readers that take many.
    ///
    /// A reader of one value takes the last of a list, and cannot read a packed list at all; a
    /// reader of a map keeps one value of each key, and none of what is no entry.
    ///
    /// ```proto old
    /// message M { string a = 1; map<string, int32> m = 2; int32 b = 3; }
    /// message Entry { string key = 1; int32 value = 2; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Lossy
    /// message M { repeated string a = 1; map<string, int32> m = 2; int32 b = 3; }
    /// message Entry { string key = 1; int32 value = 2; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Rejected
    /// message M { string a = 1; map<string, int32> m = 2; repeated int32 b = 3; }
    /// message Entry { string key = 1; int32 value = 2; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Lossy
    /// message M { string a = 1; repeated Entry m = 2; int32 b = 3; }
    /// message Entry { string key = 1; int32 value = 2; }
    /// ```
    /// ```proto allowed
    /// message M { optional string a = 1; map<string, int32> m = 2; int32 b = 3; }
    /// message Entry { string key = 1; int32 value = 2; }
    /// ```
    "FIELD_CARDINALITY_COMPATIBLE", Field,
    aperio [Wire],
    covers [
        "FIELD_SAME_CARDINALITY",
        "FIELD_WIRE_COMPATIBLE_CARDINALITY",
        "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY",
    ],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let group = |cardinality| match cardinality {
        Cardinality::Repeated | Cardinality::Map => cardinality,
        _ => Cardinality::Implicit,
    };
    let old = world.old.cardinality(pair.old);
    let new = world.new.cardinality(pair.new);
    if group(old) == group(new) {
        return;
    }
    let message = format!(
        "{} became {} instead of {}",
        field(world.new, pair.new),
        word(new),
        word(old)
    );
    let (old, new) = ((world.old, pair.old), (world.new, pair.new));
    let (new_to_old, old_to_new) = (read(new, old), read(old, new));
    let writer = if old_to_new > new_to_old {
        Era::Old
    } else {
        Era::New
    };
    found
        .at(
            pair.new.id,
            Spot::of(world.new, pair.new.id),
            Some(pair.old.file),
            message,
        )
        .effects(new_to_old, old_to_new)
        .shown_by(several(world, writer, pair));
}

/// What a reader sees of what a writer of another cardinality writes.
fn read(
    (writing, writer): (&DescriptorSet<'_>, &Field<'_>),
    (reading, reader): (&DescriptorSet<'_>, &Field<'_>),
) -> Effect {
    match (writing.cardinality(writer), reading.cardinality(reader)) {
        (one, Cardinality::Map) if !singular(one) || !is_entry(writing, writer) => Effect::Lossy,
        (_, Cardinality::Repeated | Cardinality::Map) => Effect::Same,
        (one, _) if singular(one) => Effect::Same,
        _ if packed(writer) => Effect::Rejected,
        _ => Effect::Lossy,
    }
}

/// Whether a message is what the entry of a map is: it has a key, and nothing
/// that hides it from a reader of the map.
fn is_entry(set: &DescriptorSet<'_>, field: &Field<'_>) -> bool {
    let Target::Message(message) = field.target else {
        // What is no message at all has a rule of its own.
        return true;
    };
    let fields = set.fields_of(&set[message]).iter();
    let mut numbers = fields.map(|field| field.number);
    numbers.clone().any(|number| number == 1) && numbers.all(|number| number <= 2)
}

/// Two values that a reader of one, or of a map, makes one of.
fn several(world: &World, writer: Era, pair: &Pair<Field>) -> Option<Probe> {
    let field = match writer {
        Era::Old => pair.old,
        Era::New => pair.new,
    };
    let set = world.set(writer);
    let samples = match (field.kind, field.target) {
        (Kind::Bool, _) => [false, true].map(Sample::Bool),
        (Kind::Float | Kind::Double, _) => [1.5, 2.5].map(Sample::Float),
        (Kind::String | Kind::Bytes, _) => ["x", "y"].map(|text| Sample::Text(text.to_owned())),
        // Two entries of one key, as a list has them.
        (_, Target::Message(entry)) => {
            let fields = set.fields_of(&set[entry]);
            let member = |number: i32| fields.iter().find(|field| field.number == number);
            let (Some(key), Some(value)) = (member(1), member(2)) else {
                // No entry: whatever is in them, they are two.
                let each = || {
                    let first = fields.first();
                    let first = first.map(|field| (field.id, probes::some(set, field)));
                    Sample::Message(first.into_iter().collect())
                };
                let samples = [each(), each()];
                return Some(probes::field(world, writer, pair, samples));
            };
            let entry = |sample| {
                let key = (key.id, probes::some(set, key));
                Sample::Message(vec![key, (value.id, sample)])
            };
            [entry(probes::some(set, value)), entry(probes::zero(value)?)]
        }
        (Kind::Enum, _) => [Sample::Int(0), probes::some(set, field)],
        _ => [5, 6].map(Sample::Int),
    };
    Some(probes::field(world, writer, pair, samples))
}
