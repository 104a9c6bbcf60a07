use super::shape::{Count, demands, in_entry, types};
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::Field;
use crate::pair::{Pair, World};

rule! {
    /// A field keeps its type in code.
    ///
    /// Python has one type for integers of all widths, one for floating numbers, and takes an enum for an integer, so such a change only asks its authors to look; a closed enum raises where it has no name for a number. How a number is written is nobody's matter here.
    ///
    /// ```proto old
    /// message M { int32 a = 1; N n = 2; map<string, int32> m = 3; }
    /// message N {}
    /// message O {}
    /// ```
    /// ```proto breaks
    /// message M { int64 a = 1; N n = 2; map<string, int32> m = 3; }
    /// message N {}
    /// message O {}
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; O n = 2; map<string, int32> m = 3; }
    /// message N {}
    /// message O {}
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; N n = 2; map<string, string> m = 3; }
    /// message N {}
    /// message O {}
    /// ```
    /// ```proto allowed
    /// message M { optional sint32 a = 1; repeated N n = 2; map<string, sfixed32> k = 3; }
    /// message N {}
    /// message O {}
    /// ```
    "SOURCE_SAME_KIND", Field,
    aperio [SourceGo, SourcePy],
    covers ["FIELD_SAME_TYPE"],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    // A map that became something else is another count of other values.
    let counts = (
        Count::of(world.old, pair.old),
        Count::of(world.new, pair.new),
    );
    if counts.0 != counts.1 && (counts.0 == Count::Map || counts.1 == Count::Map)
        || in_entry(world.old, pair.old)
    {
        return;
    }
    let (old, new) = (types(world.old, pair.old), types(world.new, pair.new));
    let changed: Vec<_> = old
        .iter()
        .zip(&new)
        .filter(|(old, new)| old.differs(**new))
        .collect();
    let Some((before, after)) = changed.first() else {
        return;
    };
    let alike = changed.iter().all(|(old, new)| old.is_read_as(**new));
    let message = format!(
        "{} changed its type from {} to {}",
        world.new.full_name(pair.new.id),
        before.word(),
        after.word()
    );
    let part = if pair.new.kind.is_named() { 6 } else { 5 };
    let spot = Spot::part(world.new, pair.new.id, &[part]);
    let hit = found.at(pair.new.id, spot, Some(pair.old.file), message);
    let python = if alike { Demand::Minor } else { Demand::Major };
    demands(hit, Demand::Major, python);
}
