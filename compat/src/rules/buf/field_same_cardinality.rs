use super::cardinality::{self, changed};
use crate::declare::rule;
use crate::found::Found;
use crate::model::Field;
use crate::pair::{Pair, World};

rule! {
    /// A field keeps its cardinality and its presence.
    ///
    /// ```proto old
    /// message M { int32 a = 1; optional int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { repeated int32 a = 1; optional int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { int64 a = 1; optional int32 b = 2; }
    /// ```
    "FIELD_SAME_CARDINALITY", Field,
    buf [File, Package], v1beta1 [File, Package, WireJson, Wire],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    // Entries of maps are made by the compiler; their presence says nothing.
    if cardinality::in_entry(world.old, pair.old) && cardinality::in_entry(world.new, pair.new) {
        return;
    }
    changed(pair, world, found, |cardinality| cardinality);
}
