use super::shape::{Count, demands, in_entry};
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::Field;
use crate::pair::{Pair, World};

rule! {
    /// Code that handles one value of a field, a list or a map goes on doing so.
    ///
    /// ```proto old
    /// message M { int32 a = 1; repeated int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { repeated int32 a = 1; repeated int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; map<string, int32> b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { optional int32 a = 1; repeated int64 b = 2; }
    /// ```
    "SOURCE_SAME_CARDINALITY", Field,
    aperio [SourceGo, SourcePy],
    covers ["FIELD_SAME_CARDINALITY"],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let old = Count::of(world.old, pair.old);
    let new = Count::of(world.new, pair.new);
    if old == new || in_entry(world.old, pair.old) {
        return;
    }
    let message = format!(
        "{} was {} and is {}",
        world.new.full_name(pair.new.id),
        old.word(),
        new.word()
    );
    let spot = Spot::of(world.new, pair.new.id);
    let hit = found.at(pair.new.id, spot, Some(pair.old.file), message);
    demands(hit, Demand::Major, Demand::Major);
}
