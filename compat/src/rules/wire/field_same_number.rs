use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found, Spot};
use crate::model::{Field, Message};
use crate::pair::{Pair, World};
use std::collections::HashMap;

rule! {
    /// A field keeps its number.
    ///
    /// Bytes know numbers alone: what one side writes under a name the other reads under another
    /// name, or not at all.
    ///
    /// ```proto old
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// message M { int32 a = 1; int32 b = 3; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// message M { int32 a = 2; int32 b = 1; }
    /// ```
    /// ```proto allowed
    /// message M { int32 c = 1; int32 b = 2; }
    /// ```
    "FIELD_SAME_NUMBER", Message,
    aperio [Wire],
    covers [
        "FIELD_NO_DELETE",
        "FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
        "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED",
        "FIELD_SAME_NAME",
    ],
    instead_of ["FIELD_NO_DELETE_UNLESS_RETIRED", "FIELD_ADDED", "FIELD_PASSED_THROUGH", "ONEOF_ARM_ADDED_GATED"],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let old = world.old.fields_of(pair.old).iter();
    let old: HashMap<&str, &Field> = old.map(|field| (field.name, field)).collect();
    let types = (pair.old.id, pair.new.id);
    for field in world.new.fields_of(pair.new) {
        let before = old.get(field.name).copied();
        let Some(before) = before.filter(|old| old.number != field.number) else {
            continue;
        };
        let message = format!(
            "field {} of message {} has number {} instead of {}",
            field.name, pair.new.name, field.number, before.number
        );
        let spot = Spot::part(world.new, field.id, &[3]);
        found
            .at(field.id, spot, Some(pair.old.file), message)
            .effects(Effect::Lossy, Effect::Lossy)
            .shown_by(probes::message(world, Era::Old, types, [before]));
    }
}
