use super::guard::{denied, gated};
use super::members::Members;
use super::probes;
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Era, Found, Spot};
use crate::model::{Message, OneofId};
use crate::pair::{Pair, World};
use crate::rule::Channel;
use std::collections::HashSet;

rule! {
    /// An arm is added to a oneof behind a gate.
    ///
    /// A reader that does not know the arm sees an empty oneof. A writer that waits for the
    /// capability the arm names, and knows since when it exists, does not send it to such a reader.
    ///
    /// ```proto old
    /// message M { oneof o { int32 a = 1; } int32 b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=UnknownVariant
    /// message M { oneof o { int32 a = 1; int32 c = 3; } int32 b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { oneof o { int32 a = 1; } int32 b = 2; oneof n { int32 c = 3; } }
    /// ```
    "ONEOF_ARM_ADDED_GATED", Message,
    aperio [All],
    instead_of ["FIELD_ADDED"],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let members = Members::of(pair, world);
    if members.added.is_empty() {
        return;
    }
    // A oneof is old where a field of it was in one: its name does not matter.
    let old = members.paired.iter().filter_map(|field| {
        world.old.oneof_of(field.old)?;
        Some(world.new.oneof_of(field.new)?.id)
    });
    let old: HashSet<OneofId> = old.collect();
    let types = (pair.old.id, pair.new.id);
    for field in members.added {
        let Some(oneof) = world.new.oneof_of(field) else {
            continue;
        };
        if !old.contains(&oneof.id) {
            continue;
        }
        let guarded = gated(world, field.id);
        let (demand, how) = if guarded {
            (Demand::Minor, "")
        } else if denied(world, field.file) {
            (Demand::Major, " without a gate")
        } else {
            (Demand::Minor, " without a gate")
        };
        let effect = if guarded {
            Effect::Ignored
        } else {
            Effect::UnknownVariant
        };
        let message = format!(
            "arm {} ({}) was added to oneof {} of message {}{how}",
            field.number, field.name, oneof.name, pair.new.name
        );
        let spot = Spot::of(world.new, field.id);
        found
            .at(field.id, spot, None, message)
            .effects(effect, Effect::Same)
            .demands(Channel::All, demand)
            .shown_by(probes::message(world, Era::New, types, [field]));
    }
}
