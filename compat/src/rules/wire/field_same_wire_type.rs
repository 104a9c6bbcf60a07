use super::kinds::{retyped, wire};
use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found};
use crate::model::Field;
use crate::pair::{Pair, World};

rule! {
    /// A field keeps its wire type.
    ///
    /// A reader that finds another wire type than it knows treats the value as an unknown field,
    /// or refuses the whole message: runtimes differ.
    ///
    /// ```proto old
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks old_to_new=Rejected new_to_old=Rejected
    /// message M { string a = 1; }
    /// ```
    /// ```proto breaks old_to_new=Rejected new_to_old=Rejected
    /// message M { fixed32 a = 1; }
    /// ```
    /// ```proto allowed
    /// message M { int64 a = 1; }
    /// ```
    "FIELD_SAME_WIRE_TYPE", Field,
    aperio [Wire],
    covers [
        "FIELD_SAME_TYPE",
        "FIELD_WIRE_COMPATIBLE_TYPE",
        "FIELD_WIRE_JSON_COMPATIBLE_TYPE",
    ],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old.kind, pair.new.kind);
    if wire(old) != wire(new) && !(old.is_message() && new.is_message()) {
        retyped(
            pair,
            world,
            found,
            "neither side reads what the other writes",
        )
        .effects(Effect::Rejected, Effect::Rejected)
        .shown_by(probes::field(
            world,
            Era::Old,
            pair,
            [probes::some(world.old, pair.old)],
        ));
    }
}
