use super::members::Members;
use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found, Spot};
use crate::model::{Cardinality, Message};
use crate::pair::{Pair, World};
use crate::rules::buf::describe::field as describe;

rule! {
    /// A message keeps its required fields.
    ///
    /// A reader that requires a field refuses a message without it, whether the label or a feature
    /// of an edition says so, and whether the field is old or new.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { required int32 a = 1; optional int32 b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Rejected
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional int32 a = 1; optional int32 b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Rejected new_to_old=Same
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { required int32 a = 1; optional int32 b = 2; required int32 c = 3; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { required int64 a = 1; repeated int32 b = 2; optional int32 c = 3; }
    /// ```
    "FIELD_SAME_REQUIRED", Message,
    aperio [Wire],
    covers ["MESSAGE_SAME_REQUIRED_FIELDS"],
    instead_of ["FIELD_ADDED", "FIELD_NO_DELETE_UNLESS_RETIRED"],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let members = Members::of(pair, world);
    let required = |cardinality| cardinality == Cardinality::Required;
    let types = (pair.old.id, pair.new.id);
    let nothing = |writer| probes::message(world, writer, types, []);
    for both in members.paired {
        let old = required(world.old.cardinality(both.old));
        let new = required(world.new.cardinality(both.new));
        if old == new {
            continue;
        }
        let name = describe(world.new, both.new);
        let spot = Spot::of(world.new, both.new.id);
        let against = Some(pair.old.file);
        if new {
            let message = format!("{name} became required: a new reader refuses old messages");
            found
                .at(both.new.id, spot, against, message)
                .effects(Effect::Same, Effect::Rejected)
                .shown_by(nothing(Era::Old));
        } else {
            let message = format!("{name} is not required any more: an old reader requires it");
            found
                .at(both.new.id, spot, against, message)
                .effects(Effect::Rejected, Effect::Same)
                .shown_by(nothing(Era::New));
        }
    }
    for field in members.added {
        if required(world.new.cardinality(field)) {
            let name = describe(world.new, field);
            let message = format!("{name} was added as required: no old message has it");
            found
                .at(field.id, Spot::of(world.new, field.id), None, message)
                .effects(Effect::Same, Effect::Rejected)
                .shown_by(nothing(Era::Old));
        }
    }
    for field in members.gone {
        if required(world.old.cardinality(field)) {
            let name = describe(world.old, field);
            let message = format!("{name} was deleted: an old reader requires it");
            let spot = Spot::of(world.new, pair.new.id);
            found
                .gone(field.id, Some(spot), pair.old.file, message)
                .effects(Effect::Rejected, Effect::Same)
                .shown_by(nothing(Era::New));
        }
    }
}
