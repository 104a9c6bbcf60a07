use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Era, Found, Spot};
use crate::model::MessageId;
use crate::pair::World;
use crate::rule::Channel;

rule! {
    /// A message was added.
    ///
    /// One that has taken the place of another is that one under a new name.
    ///
    /// ```proto old
    /// message M { N n = 1; }
    /// message N { int32 a = 1; }
    /// ```
    /// ```proto breaks
    /// message M { N n = 1; }
    /// message N { int32 a = 1; }
    /// message O { message Inner {} }
    /// ```
    /// ```proto allowed
    /// message M { O n = 1; }
    /// message O { int32 a = 1; }
    /// ```
    "MESSAGE_ADDED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for file in world.files(Era::New) {
        for message in world.new.messages_of(file) {
            // What is inside of an added message came with it.
            let outer = message.parent.is_some_and(|parent| is_new(world, parent));
            if is_new(world, message.id) && !outer {
                let said = format!("message {} was added", world.new.message_name(message.id));
                let spot = Spot::of(world.new, message.id);
                found
                    .at(message.id, spot, None, said)
                    .demands(Channel::All, Demand::Minor);
            }
        }
    }
}

/// Whether the old side has no such message, not under another name either.
pub(super) fn is_new(world: &World, message: MessageId) -> bool {
    world.message_origin(message).is_none()
        && !world.new[message].map_entry
        && world.shapes().former_message(message).is_none()
}
