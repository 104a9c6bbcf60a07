use super::members::Members;
use super::probes;
use super::releases;
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Era, Found, Hit, Spot};
use crate::model::{Cardinality, Field, Message, OneofId};
use crate::pair::{Pair, World};
use crate::rule::Channel;
use crate::rules::buf::describe::field as describe;
use std::collections::HashSet;

rule! {
    /// A field is not deleted before it is retired.
    ///
    /// By bytes nothing is lost, but an old reader is denied a value that it was promised. A field
    /// is retired once enough released minors have shown it as deprecated, its number and its name
    /// are reserved, and it never was required; an interface says how many minors are enough, and
    /// where it says nothing deletion asks for a major. A field of a oneof that lives on reads as if
    /// nothing of the oneof was set.
    ///
    /// ```proto old
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Ignored new_to_old=Same
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks old_to_new=Ignored new_to_old=Same
    /// message M { int32 a = 1; reserved 2; reserved "b"; }
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 1; int32 c = 2; }
    /// ```
    "FIELD_NO_DELETE_UNLESS_RETIRED", Set,
    aperio [Wire, Json],
    covers [
        "FIELD_NO_DELETE",
        "FIELD_NO_DELETE_UNLESS_NAME_RESERVED",
        "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED",
    ],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for pair in world.changed_messages() {
        members(&pair, world, found);
    }
    for file in world.files(Era::Old) {
        for extension in world.old.extensions_of(file) {
            if world.field_twin(extension.id).is_none() && world.moved_to(extension.id).is_none() {
                let spot = world.file_twin(file.id).map(Spot::file);
                let extended = world.old.owner(extension);
                let types = world.message_twin(extended).map(|twin| (extended, twin));
                let probe = types.map(|types| probes::message(world, Era::Old, types, [extension]));
                delete(extension, spot, Demand::Major, world, found).shown_by(probe);
            }
        }
    }
}

/// The same of two messages that may have different names.
pub(crate) fn members(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let Members { paired, gone, .. } = Members::of(pair, world);
    // A oneof lives on where a field of it is still in one.
    let living: HashSet<OneofId> = paired
        .iter()
        .filter_map(|field| {
            world.new.oneof_of(field.new)?;
            Some(world.old.oneof_of(field.old)?.id)
        })
        .collect();
    for field in gone {
        let demand = if retired(pair, world, field) {
            Demand::Minor
        } else {
            Demand::Major
        };
        let spot = Spot::of(world.new, pair.new.id);
        let types = (pair.old.id, pair.new.id);
        let oneof = world.old.oneof_of(field);
        let seen = if oneof.is_some_and(|oneof| living.contains(&oneof.id)) {
            Effect::UnknownVariant
        } else {
            Effect::Ignored
        };
        let hit = delete(field, Some(spot), demand, world, found);
        hit.effects(Effect::Same, seen)
            .shown_by(probes::message(world, Era::Old, types, [field]));
    }
}

fn delete<'f>(
    field: &Field<'_>,
    spot: Option<Spot>,
    demand: Demand,
    world: &World,
    found: &'f mut Found,
) -> &'f mut Hit {
    let how = if demand == Demand::Minor {
        "was retired and deleted"
    } else {
        "was deleted"
    };
    let message = format!("{} {how}", describe(world.old, field));
    found
        .gone(field.id, spot, field.file, message)
        .effects(Effect::Same, Effect::Ignored)
        .demands(Channel::Wire, demand)
        .demands(Channel::Json, demand)
}

fn retired(pair: &Pair<Message>, world: &World, field: &Field<'_>) -> bool {
    if world.occasion.deletion_after.is_none() {
        return false;
    }
    let reserved = pair
        .new
        .reserved
        .iter()
        .any(|range| range.holds(field.number))
        && pair.new.reserved_names.contains(&field.name);
    let releases = releases::fields(world, world.old.message_name(pair.old.id));
    let same = |of: &[Field<'_>]| {
        let same = |one: &&Field<'_>| (one.number, one.name) == (field.number, field.name);
        of.iter().find(same).map(|field| field.id)
    };
    let mut minors = Vec::new();
    for (minor, set, fields) in releases {
        let Some(id) = same(fields) else { continue };
        if set.cardinality(&set[id]) == Cardinality::Required {
            return false;
        }
        if set[id].options.bool(3) == Some(true) {
            minors.push(minor);
        }
    }
    reserved && releases::warned(world, minors.into_iter())
}
