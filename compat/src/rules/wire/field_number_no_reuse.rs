use super::members::Members;
use super::releases::{self, alike};
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Found, Spot};
use crate::model::{DescriptorSet, Field, Message};
use crate::pair::{Pair, World};

rule! {
    /// A number or a name that was a field once is not used again.
    ///
    /// Whatever a release of this major reserved or used stays taken: some binary, or some stored
    /// message, still means the old field. A field that comes back as it was is none of this.
    ///
    /// ```proto old
    /// message M { int32 a = 1; reserved 2; reserved "b"; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// message M { int32 a = 1; string c = 2; reserved "b"; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// message M { int32 a = 1; string b = 3; reserved 2; }
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 1; int32 c = 3; reserved 2; reserved "b"; }
    /// ```
    "FIELD_NUMBER_NO_REUSE", Message,
    aperio [Wire],
    covers ["RESERVED_MESSAGE_NO_DELETE"],
    instead_of ["FIELD_ADDED", "ONEOF_ARM_ADDED_GATED", "RESERVED_MESSAGE_NO_DELETE"],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let added = Members::of(pair, world).added;
    if added.is_empty() {
        return;
    }
    let mut releases = releases::fields(world, world.old.message_name(pair.old.id));
    releases.retain(|(minor, ..)| releases::is_until_base(world, *minor));
    for field in added {
        let Some(taken) = taken(pair, world, field, &releases) else {
            continue;
        };
        let message = format!(
            "field {} ({}) of message {} uses {taken}",
            field.number, field.name, pair.new.name
        );
        let spot = Spot::of(world.new, field.id);
        found
            .at(field.id, spot, Some(pair.old.file), message)
            .effects(Effect::Lossy, Effect::Lossy);
    }
}

/// What a field takes that is not free.
fn taken(
    pair: &Pair<Message>,
    world: &World,
    field: &Field<'_>,
    releases: &[((u64, u64), &DescriptorSet<'_>, &[Field<'_>])],
) -> Option<String> {
    // The base itself is the last: a name that it gives another number is
    // FIELD_SAME_NUMBER's.
    let (_, earlier) = releases.split_last()?;
    let mut returns = false;
    for (_, set, fields) in earlier {
        for once in *fields {
            if once.number != field.number && once.name != field.name {
                continue;
            }
            if !alike((set, once), (world.new, field)) {
                return Some(format!(
                    "what was field {} ({}) in an earlier release",
                    once.number, once.name
                ));
            }
            returns = true;
        }
    }
    if returns {
        return None;
    }
    if pair
        .old
        .reserved
        .iter()
        .any(|range| range.holds(field.number))
    {
        return Some(format!("number {}, which was reserved", field.number));
    }
    let named = pair.old.reserved_names.contains(&field.name);
    named.then(|| format!("the name {}, which was reserved", field.name))
}
