use super::message_added::is_new;
use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Era, Found, Spot};
use crate::pair::World;
use crate::rule::Channel;

rule! {
    /// An enum was added.
    ///
    /// ```proto old
    /// message M { E e = 1; }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks
    /// message M { E e = 1; enum Inner { ZERO = 0; } }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto allowed
    /// message M { F e = 1; }
    /// enum F { E_ZERO = 0; }
    /// ```
    "ENUM_ADDED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for file in world.files(Era::New) {
        for each in world.new.enums_of(file) {
            let known = world.enum_origin(each.id).is_some()
                || world.shapes().former_enum(each.id).is_some();
            if known || each.parent.is_some_and(|parent| is_new(world, parent)) {
                continue;
            }
            let message = format!("enum {} was added", world.new.enum_name(each.id));
            found
                .at(each.id, Spot::of(world.new, each.id), None, message)
                .demands(Channel::All, Demand::Minor);
        }
    }
}
