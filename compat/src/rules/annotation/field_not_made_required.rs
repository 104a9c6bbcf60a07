use super::demand::tightened;
use super::marks::{changed_field, spot};
use crate::annotation::REQUIRED;
use crate::declare::rule;
use crate::found::{Era, Found};
use crate::model::Field;
use crate::pair::{Pair, World};
use crate::rules::wire::probes;
use crate::witness::Sample;

rule! {
    /// A released field does not become required.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.required) = true]; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1 [(aperio.annotations.v1.required) = true]; int32 b = 2 [(aperio.annotations.v1.required) = true]; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1 [(aperio.annotations.v1.required) = false]; int32 b = 2; }
    /// ```
    "FIELD_NOT_MADE_REQUIRED", Field,
    aperio [Wire, Json, SourceGo, SourcePy, Source],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let Some((old, new)) = changed_field(world, pair) else {
        return;
    };
    if new.required && !old.required {
        let message = format!("{} became required", world.new.full_name(pair.new.id));
        let spot = spot(world.new, pair.new.id.into(), REQUIRED);
        let hit = found.at(pair.new.id, spot, Some(pair.old.file), message);
        tightened(hit);
        hit.shown_by(probes::field(world, Era::Old, pair, [Sample::Empty]).refused());
    }
}
