use super::members::Members;
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Found, Spot};
use crate::pair::World;
use crate::rule::Channel;
use crate::rules::buf::describe::field as describe;

rule! {
    /// A field was added to a message that is passed on.
    ///
    /// What goes from one plugin to the host and on to another is read and written by the host: an
    /// old one that drops the fields it does not know, as generated Rust does, drops this one between
    /// two plugins that know it. It is told where both ways are declared, and asks for nothing.
    ///
    /// ```proto old
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Ignored
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { int64 a = 1; }
    /// ```
    "FIELD_PASSED_THROUGH", Set,
    aperio [Wire],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for pair in world.changed_messages() {
        for field in Members::of(&pair, world).added {
            let name = describe(world.new, field);
            let message = format!("{name} is lost where an old host that drops it passes it on");
            let spot = Spot::of(world.new, field.id);
            found
                .at(field.id, spot, None, message)
                .effects(Effect::Ignored, Effect::Same)
                .demands(Channel::Wire, Demand::Note)
                .where_passed_on();
        }
    }
}
