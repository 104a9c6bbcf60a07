use super::members::Members;
use super::probes;
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Era, Found, Hit, Spot};
use crate::model::{Field, Message};
use crate::pair::{Pair, World};
use crate::rule::Channel;
use crate::rules::buf::describe::field as describe;

rule! {
    /// A field was added.
    ///
    /// A reader that does not know it keeps or drops it as an unknown field.
    ///
    /// ```proto old
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Ignored
    /// message M { int32 a = 1; M b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 1; reserved 2; }
    /// ```
    "FIELD_ADDED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for pair in world.changed_messages() {
        members(&pair, world, found);
    }
    for file in world.files(Era::New) {
        for extension in world.new.extensions_of(file) {
            if world.field_origin(extension.id).is_none()
                && world.moved_from(extension.id).is_none()
            {
                add(extension, world, found);
            }
        }
    }
}

/// The same of two messages that may have different names.
pub(crate) fn members(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let types = (pair.old.id, pair.new.id);
    for field in Members::of(pair, world).added {
        add(field, world, found).shown_by(probes::message(world, Era::New, types, [field]));
    }
}

fn add<'f>(field: &Field<'_>, world: &World, found: &'f mut Found) -> &'f mut Hit {
    let message = format!("{} was added", describe(world.new, field));
    let spot = Spot::of(world.new, field.id);
    found
        .at(field.id, spot, None, message)
        .effects(Effect::Ignored, Effect::Same)
        .demands(Channel::All, Demand::Minor)
}
