use super::kinds::{Wire, closed, meaning, retyped, wire};
use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found};
use crate::model::{Cardinality, DescriptorSet, Field, Kind};
use crate::pair::{Pair, World};
use crate::witness::Sample;

rule! {
    /// A field keeps the meaning of its bytes.
    ///
    /// Zigzag and plain varints, signed and unsigned fixed numbers, and fixed numbers and floats
    /// share a wire type and read each other's bytes as other numbers.
    ///
    /// ```proto old
    /// message M { int32 a = 1; fixed32 b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// message M { sint32 a = 1; fixed32 b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// message M { int32 a = 1; sfixed32 b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// message M { int32 a = 1; float b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { int64 a = 1; fixed32 b = 2; }
    /// ```
    "FIELD_SAME_ENCODING", Field,
    aperio [Wire],
    covers ["FIELD_SAME_TYPE", "FIELD_WIRE_JSON_COMPATIBLE_TYPE"],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old.kind, pair.new.kind);
    let number = !matches!(wire(old), Wire::Length | Wire::Group);
    // The highest bit tells signed from unsigned, a small number the rest.
    let sample = match old {
        Kind::Fixed32 => Sample::Uint(u32::MAX.into()),
        Kind::Fixed64 => Sample::Uint(u64::MAX),
        Kind::Sfixed32 | Kind::Sfixed64 => Sample::Int(-1),
        _ => probes::some(world.old, pair.old),
    };
    if number && wire(old) == wire(new) && meaning(old) != meaning(new) {
        retyped(
            pair,
            world,
            found,
            "one number is written as the bytes of another",
        )
        .effects(read(world.old, pair.old), read(world.new, pair.new))
        .shown_by(probes::field(world, Era::Old, pair, [sample]));
    }
}

/// What a reader sees of one number as another.
fn read(set: &DescriptorSet<'_>, reader: &Field<'_>) -> Effect {
    if closed(set, reader) && set.cardinality(reader) == Cardinality::Required {
        // It may have no name for the other number, and then the field is missing.
        Effect::Rejected
    } else {
        Effect::Lossy
    }
}
