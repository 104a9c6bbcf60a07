use super::kinds::{closed, meaning, range, retyped};
use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found};
use crate::model::{Cardinality, DescriptorSet, Field, Kind};
use crate::pair::{Pair, World};

rule! {
    /// A field keeps the value range its readers accept.
    ///
    /// Varint kinds share a wire type: a changed kind still decodes, but values outside the narrower
    /// range arrive as others. An open enum keeps a number that it has no name for; a closed one
    /// hides it.
    ///
    /// ```proto old
    /// message M { int64 a = 1; E e = 2; }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Same
    /// message M { int32 a = 1; E e = 2; }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// message M { uint64 a = 1; E e = 2; }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=UnknownVariant
    /// message M { int64 a = 1; int32 e = 2; }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto allowed
    /// message M { int64 a = 1; E e = 2; int32 b = 3; }
    /// enum E { E_ZERO = 0; }
    /// ```
    "FIELD_RANGE_COMPATIBLE", Field,
    aperio [Wire],
    covers ["FIELD_SAME_TYPE", "FIELD_WIRE_JSON_COMPATIBLE_TYPE"],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old.kind, pair.new.kind);
    if old == new || meaning(old) != meaning(new) {
        return;
    }
    let new_to_old = read((world.new, pair.new), (world.old, pair.old));
    let old_to_new = read((world.old, pair.old), (world.new, pair.new));
    let because = match (new_to_old, old_to_new) {
        (Effect::Lossy | Effect::Rejected, Effect::Lossy | Effect::Rejected) => {
            "each side reads some values of the other as others"
        }
        (Effect::Lossy | Effect::Rejected, _) => {
            "an old reader gets some values of a new writer as others"
        }
        (_, Effect::Lossy | Effect::Rejected) => {
            "a new reader gets some values of an old writer as others"
        }
        _ => "a reader meets numbers that it has no name for",
    };
    let (old, new) = ((world.old, pair.old), (world.new, pair.new));
    let (writer, sample) = if old_to_new >= new_to_old {
        (Era::Old, probes::outside(old, new))
    } else {
        (Era::New, probes::outside(new, old))
    };
    retyped(pair, world, found, because)
        .effects(new_to_old, old_to_new)
        .shown_by(sample.map(|sample| probes::field(world, writer, pair, [sample])));
}

/// What a reader sees of the values of a writer.
fn read(
    (writing, writer): (&DescriptorSet<'_>, &Field<'_>),
    (reading, reader): (&DescriptorSet<'_>, &Field<'_>),
) -> Effect {
    let (low, high) = range(writing, writer);
    let fits = |(least, most): (i128, i128)| least <= low && high <= most;
    if reader.kind != Kind::Enum {
        return if fits(range(reading, reader)) {
            Effect::Same
        } else {
            Effect::Lossy
        };
    }
    if closed(reading, reader) && reading.cardinality(reader) == Cardinality::Required {
        // What it hides is missing.
        Effect::Rejected
    } else if closed(reading, reader) || !fits((i32::MIN.into(), i32::MAX.into())) {
        Effect::Lossy
    } else {
        Effect::UnknownVariant
    }
}
