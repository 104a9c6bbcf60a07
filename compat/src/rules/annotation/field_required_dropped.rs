use super::demand::loosened;
use super::marks::{changed_field, spot};
use crate::annotation::REQUIRED;
use crate::declare::rule;
use crate::found::Found;
use crate::model::Field;
use crate::pair::{Pair, World};

rule! {
    /// A field that is no longer required is still sent to readers of an older minor.
    ///
    /// The newer writer knows what they demand and goes on setting it; that is a change its authors must hear of.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1 [(aperio.annotations.v1.required) = true]; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1 [deprecated = true, (aperio.annotations.v1.required) = true]; }
    /// ```
    "FIELD_REQUIRED_DROPPED", Field,
    aperio [All],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let Some((old, new)) = changed_field(world, pair) else {
        return;
    };
    if old.required && !new.required {
        let name = world.new.full_name(pair.new.id);
        let message = format!("{name} is no longer required");
        let spot = spot(world.new, pair.new.id.into(), REQUIRED);
        loosened(found.at(pair.new.id, spot, Some(pair.old.file), message));
    }
}
