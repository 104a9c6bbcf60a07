use super::demand::other_terms;
use super::marks::{changed_field, spot};
use crate::annotation::FIELD_GATED_BY;
use crate::declare::rule;
use crate::found::Found;
use crate::model::Field;
use crate::pair::{Pair, World};

rule! {
    /// A field keeps its gate.
    ///
    /// Under another gate, or without one, it reaches readers who never claimed to take it, or stays away from those who did.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1 [(aperio.annotations.v1.field_gated_by) = "WIDE"]; }
    /// enum Capability { NONE = 0; WIDE = 1; DEEP = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; }
    /// enum Capability { NONE = 0; WIDE = 1; DEEP = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1 [(aperio.annotations.v1.field_gated_by) = "DEEP"]; }
    /// enum Capability { NONE = 0; WIDE = 1; DEEP = 2; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1 [(aperio.annotations.v1.field_gated_by) = "WIDE", deprecated = true]; }
    /// enum Capability { NONE = 0; WIDE = 1; DEEP = 2; }
    /// ```
    "FIELD_SAME_GATE", Field,
    aperio [Wire, Json, SourceGo, SourcePy, Source],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let Some((old, new)) = changed_field(world, pair) else {
        return;
    };
    if old.gate != new.gate {
        let message = format!(
            "{} was gated by {} and is by {}",
            world.new.full_name(pair.new.id),
            old.gate.unwrap_or("nothing"),
            new.gate.unwrap_or("nothing")
        );
        let spot = spot(world.new, pair.new.id.into(), FIELD_GATED_BY);
        other_terms(found.at(pair.new.id, spot, Some(pair.old.file), message));
    }
}
