use super::describe::field;
use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::Field;
use crate::pair::{Pair, World};

rule! {
    /// A field stays in its oneof, or outside of any.
    ///
    /// ```proto old
    /// message M { oneof o { int32 a = 1; } int32 b = 2; optional int32 c = 3; }
    /// ```
    /// ```proto breaks
    /// message M { oneof n { int32 a = 1; } int32 b = 2; optional int32 c = 3; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; int32 b = 2; optional int32 c = 3; }
    /// ```
    /// ```proto breaks
    /// message M { oneof o { int32 a = 1; int32 b = 2; } optional int32 c = 3; }
    /// ```
    /// ```proto allowed
    /// message M { oneof o { int32 a = 1; int32 d = 4; } optional int32 b = 2; int32 c = 3; }
    /// ```
    "FIELD_SAME_ONEOF", Field,
    buf [File, Package, WireJson, Wire, Csr],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    if pair.old.extendee.is_some() {
        return;
    }
    let old = world.old.oneof_of(pair.old).map(|oneof| oneof.name);
    let new = world.new.oneof_of(pair.new).map(|oneof| oneof.name);
    let moved = match (old, new) {
        _ if old == new => return,
        (Some(old), Some(new)) => format!("moved from oneof {old} to oneof {new}"),
        (Some(_), None) => "moved from inside to outside a oneof".to_owned(),
        (None, _) => "moved from outside to inside a oneof".to_owned(),
    };
    let message = format!("{} {moved}", field(world.new, pair.new));
    let spot = Spot::of(world.new, pair.new.id);
    found.at(pair.new.id, spot, Some(pair.old.file), message);
}
