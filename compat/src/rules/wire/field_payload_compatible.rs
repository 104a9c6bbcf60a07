use super::kinds::retyped;
use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found};
use crate::model::{Cardinality, DescriptorSet, Field, Kind};
use crate::pair::{Pair, World};
use crate::witness::Sample;

rule! {
    /// A field that holds a message keeps holding one.
    ///
    /// Messages, strings and bytes are framed alike; what is inside is read as what it is not.
    /// Only a reader of bytes takes everything, and one without presence does not see that an
    /// empty message was there.
    ///
    /// ```proto old
    /// message M { N a = 1; string b = 2; }
    /// message N { int32 x = 1; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Rejected
    /// message M { bytes a = 1; string b = 2; }
    /// message N { int32 x = 1; }
    /// ```
    /// ```proto breaks old_to_new=Rejected new_to_old=Rejected
    /// message M { N a = 1; N b = 2; }
    /// message N { int32 x = 1; }
    /// ```
    /// ```proto allowed
    /// message M { N a = 1; bytes b = 2; }
    /// message N { int32 x = 1; }
    /// ```
    "FIELD_PAYLOAD_COMPATIBLE", Field,
    aperio [Wire],
    covers [
        "FIELD_SAME_TYPE",
        "FIELD_WIRE_COMPATIBLE_TYPE",
        "FIELD_WIRE_JSON_COMPATIBLE_TYPE",
    ],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let textual = |field: &Field<'_>| matches!(field.kind, Kind::String | Kind::Bytes);
    let message = |field: &Field<'_>| field.kind == Kind::Message;
    let swapped = message(pair.old) && textual(pair.new) || textual(pair.old) && message(pair.new);
    if !swapped {
        return;
    }
    let maps = [(world.old, pair.old), (world.new, pair.new)]
        .map(|(set, field)| set.cardinality(field) == Cardinality::Map);
    let reads = |set: &DescriptorSet<'_>, reader: &Field<'_>| {
        // Some readers verify every string, whatever its features say.
        if message(reader) || reader.kind == Kind::String {
            Effect::Rejected
        } else if maps != [false; 2] || set.cardinality(reader) == Cardinality::Implicit {
            // Entries without their keys are no map. A message with nothing in
            // it is there; no bytes are not.
            Effect::Lossy
        } else {
            Effect::Same
        }
    };
    let writer = if message(pair.old) {
        Era::New
    } else {
        Era::Old
    };
    let sample = Sample::Text("hello".to_owned());
    retyped(
        pair,
        world,
        found,
        "what is inside is read as what it is not",
    )
    .effects(reads(world.old, pair.old), reads(world.new, pair.new))
    .shown_by(probes::field(world, writer, pair, [sample]));
}
