use super::added::added;
use super::demand::tightened;
use super::marks::spot;
use crate::annotation::{Annotations, REQUIRED};
use crate::declare::rule;
use crate::found::{Era, Found};
use crate::model::ElementId;
use crate::pair::World;
use crate::rules::wire::probes;

rule! {
    /// A field that is added to a released message is not required.
    ///
    /// The older writer never sets it, and the newer reader would refuse everything it sends.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.field_since) = "1.1", (aperio.annotations.v1.required) = true]; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; N n = 2 [(aperio.annotations.v1.field_since) = "1.1"]; }
    /// message N { option (aperio.annotations.v1.message_since) = "1.1"; int32 a = 1 [(aperio.annotations.v1.required) = true]; }
    /// ```
    "ADDED_FIELD_NOT_REQUIRED", Set,
    aperio [Wire, Json, SourceGo, SourcePy, Source],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for added in added(world) {
        let required = Annotations::of(world.new, added.element).required;
        let ElementId::Field(id) = added.element else {
            continue;
        };
        if !required || added.parent_is_new || added.package_is_new {
            continue;
        }
        let name = world.new.full_name(id);
        let message = format!("field {name} was added and is required");
        let spot = spot(world.new, added.element, REQUIRED);
        let hit = found.at(id, spot, None, message);
        tightened(hit);
        let new = world.new.owner(&world.new[id]);
        let old = world.message_origin(new);
        let nothing = |old| probes::message(world, Era::Old, (old, new), []).refused();
        hit.shown_by(old.map(nothing));
    }
}
