use super::added::added;
use super::demand::refused;
use crate::annotation::Annotations;
use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::ElementId;
use crate::pair::World;

rule! {
    /// What is added to a released interface says since when it is there.
    ///
    /// Fields, messages, values and methods. What stands in something new needs no mark of its own, and a package that is new as a whole has nothing to mark.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; }
    /// enum E { E_A = 0; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2; }
    /// enum E { E_A = 0; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; }
    /// message N {}
    /// enum E { E_A = 0; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; }
    /// enum E { E_A = 0; E_B = 1; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.field_since) = "1.1"]; }
    /// message N { option (aperio.annotations.v1.message_since) = "1.1"; int32 a = 1; }
    /// enum E { E_A = 0; E_B = 1 [(aperio.annotations.v1.value_since) = "1.1"]; }
    /// enum F { F_A = 0; }
    /// ```
    "ADDED_ELEMENT_HAS_SINCE", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for added in added(world) {
        let element = added.element;
        let marked = Annotations::of(world.new, element).since.is_some();
        if marked || added.parent_is_new || added.package_is_new {
            continue;
        }
        let what = match element {
            ElementId::Message(_) => "message",
            ElementId::Value(_) => "value",
            ElementId::Method(_) => "method",
            _ => "field",
        };
        let name = world.new.full_name(element);
        let message = format!("{what} {name} was added without {what}_since");
        let spot = Spot::of(world.new, element);
        refused(found.at(element, spot, None, message));
    }
}
