use super::shape::{Count, demands, in_entry};
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::{Cardinality, Field, Kind};
use crate::pair::{Pair, World};

rule! {
    /// Code that can tell an unset field from zero goes on telling it, and no other code has to.
    ///
    /// In Go a field that tells them apart is a pointer, unless it is bytes or a message. In Python asking whether a field is set raises where nobody can know.
    ///
    /// ```proto old
    /// message M { int32 a = 1; optional int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { optional int32 a = 1; optional int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { int64 a = 1; repeated int32 b = 2; }
    /// ```
    "SOURCE_SAME_PRESENCE", Field,
    aperio [SourceGo, SourcePy],
    covers ["FIELD_SAME_CARDINALITY"],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let told = [(world.old, pair.old), (world.new, pair.new)]
        .map(|(set, field)| set.cardinality(field) != Cardinality::Implicit);
    let single = Count::of(world.old, pair.old) == Count::One
        && Count::of(world.new, pair.new) == Count::One;
    // Messages can always tell; what a oneof does has a rule of its own.
    let in_oneof = world.old.oneof_of(pair.old).is_some() || world.new.oneof_of(pair.new).is_some();
    let messages = pair.old.kind.is_message() || pair.new.kind.is_message();
    if !single || told[0] == told[1] || in_oneof || messages || in_entry(world.old, pair.old) {
        return;
    }
    let does = if told[1] {
        "now tells"
    } else {
        "no longer tells"
    };
    let message = format!(
        "{} {does} unset from zero",
        world.new.full_name(pair.new.id)
    );
    let spot = Spot::of(world.new, pair.new.id);
    let hit = found.at(pair.new.id, spot, Some(pair.old.file), message);
    let bytes = pair.old.kind == Kind::Bytes && pair.new.kind == Kind::Bytes;
    let go = if bytes { Demand::Minor } else { Demand::Major };
    let python = if told[1] {
        Demand::Minor
    } else {
        Demand::Major
    };
    demands(hit, go, python);
}
