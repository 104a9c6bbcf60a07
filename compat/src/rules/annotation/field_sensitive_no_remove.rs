use super::demand::refused;
use super::marks::{changed_field, spot};
use crate::annotation::SENSITIVE;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::Found;
use crate::model::Field;
use crate::pair::{Pair, World};
use crate::rule::Channel;

rule! {
    /// A secret stays a secret.
    ///
    /// Without the mark it would be logged and kept. The mark may be added.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.sensitive) = true]; string b = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1; string b = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.sensitive) = true]; string b = 2 [(aperio.annotations.v1.sensitive) = true]; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.sensitive) = true, deprecated = true]; string b = 2; }
    /// ```
    "FIELD_SENSITIVE_NO_REMOVE", Field,
    aperio [All],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let Some((old, new)) = changed_field(world, pair) else {
        return;
    };
    if old.sensitive == new.sensitive {
        return;
    }
    let name = world.new.full_name(pair.new.id);
    let message = if new.sensitive {
        format!("{name} became a secret")
    } else {
        format!("{name} is no longer marked as a secret")
    };
    let spot = spot(world.new, pair.new.id.into(), SENSITIVE);
    let hit = found.at(pair.new.id, spot, Some(pair.old.file), message);
    if new.sensitive {
        hit.demands(Channel::All, Demand::Minor);
    } else {
        refused(hit);
    }
}
