use super::shape::demands;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Found, Spot};
use crate::model::{Cardinality, Field};
use crate::pair::{Pair, World};

rule! {
    /// A field stays in its oneof, or outside of any.
    ///
    /// Go wraps the fields of a oneof in types of their own. Python reads them as before, unless one that left can no longer tell whether it is set. A oneof with another name is the matter of the names.
    ///
    /// ```proto old
    /// message M { oneof o { int32 a = 1; int32 d = 4; } optional int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { oneof o { int32 d = 4; } int32 a = 1; optional int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { oneof o { int32 a = 1; int32 d = 4; int32 b = 2; } }
    /// ```
    /// ```proto allowed
    /// message M { oneof n { int32 a = 1; int32 d = 4; int32 e = 5; } int32 b = 2; }
    /// ```
    "SOURCE_SAME_ONEOF", Field,
    aperio [SourceGo, SourcePy],
    covers ["FIELD_SAME_ONEOF"],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    if pair.old.extendee.is_some() {
        return;
    }
    let (old, new) = (world.old.oneof_of(pair.old), world.new.oneof_of(pair.new));
    let moved = match (old, new) {
        (Some(old), Some(new)) => {
            let still_there = world.oneof_twin(old.id).is_some();
            if old.name == new.name || !still_there {
                return;
            }
            format!("left oneof {} for {}", old.name, new.name)
        }
        (Some(old), None) => format!("left oneof {}", old.name),
        (None, Some(new)) => format!("joined oneof {}", new.name),
        (None, None) => return,
    };
    let message = format!("{} {moved}", world.new.full_name(pair.new.id));
    let spot = Spot::of(world.new, pair.new.id);
    let blind = world.new.cardinality(pair.new) == Cardinality::Implicit;
    let hit = found.at(pair.new.id, spot, Some(pair.old.file), message);
    let python = if blind { Demand::Major } else { Demand::Minor };
    demands(hit, Demand::Major, python);
}
