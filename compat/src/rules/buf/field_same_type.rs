use super::types;
use crate::declare::rule;
use crate::found::Found;
use crate::model::Field;
use crate::pair::{Pair, World};

rule! {
    /// A field keeps its type.
    ///
    /// A message that is framed as a group counts as another type.
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
    /// message M { int32 a = 1; N n = 2; map<string, int64> m = 3; }
    /// message N {}
    /// message O {}
    /// ```
    /// ```proto allowed
    /// message M { optional int32 a = 1; repeated N n = 2; map<string, int32> m = 3; }
    /// message N {}
    /// message O {}
    /// ```
    "FIELD_SAME_TYPE", Field,
    buf [File, Package, Csr], v1beta1 [File, Package, WireJson, Wire],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    if pair.old.kind != pair.new.kind {
        types::changed(pair, world, found, "");
    } else if types::renamed(pair, world) {
        types::changed_name(pair, world, found);
    }
}
