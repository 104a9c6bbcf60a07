use super::cardinality::changed;
use crate::declare::rule;
use crate::found::Found;
use crate::model::{Cardinality, Field};
use crate::pair::{Pair, World};

rule! {
    /// A field keeps a cardinality that reads the same bytes.
    ///
    /// A map and a list of its entries are one.
    ///
    /// ```proto old
    /// message M { int32 a = 1; map<string, int32> m = 2; }
    /// ```
    /// ```proto breaks
    /// message M { repeated int32 a = 1; map<string, int32> m = 2; }
    /// ```
    /// ```proto allowed
    /// message M { optional int32 a = 1; repeated Entry m = 2; }
    /// message Entry { string key = 1; int32 value = 2; }
    /// ```
    "FIELD_WIRE_COMPATIBLE_CARDINALITY", Field,
    buf [Wire],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    changed(pair, world, found, |cardinality| match cardinality {
        Cardinality::Implicit => Cardinality::Explicit,
        Cardinality::Map => Cardinality::Repeated,
        other => other,
    });
}
