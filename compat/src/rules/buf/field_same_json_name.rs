use super::describe::field;
use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::Field;
use crate::pair::{Pair, World};

rule! {
    /// A field keeps its name in JSON.
    ///
    /// ```proto old
    /// message M { int32 a_b = 1; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a_b = 1 [json_name = "x"]; }
    /// ```
    /// ```proto allowed
    /// message M { int32 a_b = 1 [json_name = "aB"]; }
    /// ```
    "FIELD_SAME_JSON_NAME", Field,
    buf [File, Package, WireJson, Csr],
    aperio [Json],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    if pair.old.extendee.is_some() {
        return;
    }
    let old = world.old.json_name(pair.old);
    let new = world.new.json_name(pair.new);
    if old != new {
        let message = format!(
            "{} changed its JSON name from {old} to {new}",
            field(world.new, pair.new)
        );
        let spot = Spot::part(world.new, pair.new.id, &[10]);
        found.at(pair.new.id, spot, Some(pair.old.file), message);
    }
}
