use super::cardinality::changed;
use crate::declare::rule;
use crate::found::Found;
use crate::model::{Cardinality, Field};
use crate::pair::{Pair, World};

rule! {
    /// A field keeps a cardinality that reads the same bytes and the same JSON.
    ///
    /// ```proto old
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks
    /// message M { repeated int32 a = 1; }
    /// ```
    /// ```proto allowed
    /// message M { optional int32 a = 1; }
    /// ```
    "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY", Field,
    buf [WireJson, Csr], v1 [WireJson], v1beta1 [WireJson],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    changed(pair, world, found, |cardinality| match cardinality {
        Cardinality::Implicit => Cardinality::Explicit,
        other => other,
    });
}
