use super::members::Members;
use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found, Spot};
use crate::model::{Field, Message, OneofId};
use crate::pair::{Pair, World};
use std::collections::BTreeMap;

rule! {
    /// Fields that exclude each other keep doing so, and no others begin to.
    ///
    /// A reader of a oneof keeps the last of several values. Where fields come to share a oneof, a
    /// new reader loses what an old writer set beside it; where a oneof is dissolved, an old reader
    /// does. A single field may enter or leave a oneof of its own.
    ///
    /// ```proto old
    /// message M { oneof o { int32 a = 1; int32 b = 2; } optional int32 c = 3; optional int32 d = 4; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Lossy
    /// message M { optional int32 a = 1; optional int32 b = 2; optional int32 c = 3; optional int32 d = 4; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Same
    /// message M { oneof o { int32 a = 1; int32 b = 2; int32 c = 3; } optional int32 d = 4; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Same
    /// message M { oneof o { int32 a = 1; int32 b = 2; } oneof n { int32 c = 3; int32 d = 4; } }
    /// ```
    /// ```proto allowed
    /// message M { oneof n { int32 a = 1; int32 b = 2; } oneof m { int32 c = 3; } optional int32 d = 4; }
    /// ```
    "ONEOF_EXCLUSIVITY_KEPT", Message,
    aperio [Wire],
    covers ["FIELD_SAME_ONEOF"],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let paired = Members::of(pair, world).paired;
    let (mut shared, mut split) = (Groups::new(), Groups::new());
    for field in &paired {
        let old = world.old.oneof_of(field.old).map(|oneof| oneof.id);
        let new = world.new.oneof_of(field.new).map(|oneof| oneof.id);
        if let Some(new) = new {
            shared.entry(new).or_default().push((old, field.old));
        }
        if let Some(old) = old {
            split.entry(old).or_default().push((new, field.new));
        }
    }
    let types = (pair.old.id, pair.new.id);
    for (oneof, members) in shared {
        if apart(&members) {
            let message = format!(
                "fields {} of message {} did not exclude each other, and now share oneof {}",
                names(&members),
                pair.new.name,
                world.new[oneof].name
            );
            let spot = Spot::of(world.new, oneof);
            found
                .at(oneof, spot, Some(pair.old.file), message)
                .effects(Effect::Same, Effect::Lossy)
                .shown_by(probes::message(world, Era::Old, types, two(&members)));
        }
    }
    for (oneof, members) in split {
        if apart(&members) {
            let message = format!(
                "fields {} of message {} shared oneof {}, and do not exclude each other any more",
                names(&members),
                pair.new.name,
                world.old[oneof].name
            );
            let spot = Spot::of(world.new, pair.new.id);
            found
                .gone(oneof, Some(spot), pair.old.file, message)
                .effects(Effect::Lossy, Effect::Same)
                .shown_by(probes::message(world, Era::New, types, two(&members)));
        }
    }
}

/// The fields of each oneof of one side as the other side has them: the oneof
/// each is in there, and the field.
type Groups<'w> = BTreeMap<OneofId, Vec<Member<'w>>>;
type Member<'w> = (Option<OneofId>, &'w Field<'w>);

/// Whether two of some fields are not in one oneof of the other side.
fn apart(members: &[Member<'_>]) -> bool {
    two(members).len() == 2
}

/// The first two fields that do not exclude each other.
fn two<'w>(members: &[Member<'w>]) -> Vec<&'w Field<'w>> {
    let Some(((oneof, first), rest)) = members.split_first() else {
        return Vec::new();
    };
    let mut rest = rest.iter();
    let second = rest.find(|(other, _)| oneof.is_none() || other != oneof);
    std::iter::once(*first)
        .chain(second.map(|(_, second)| *second))
        .collect()
}

fn names(members: &[Member<'_>]) -> String {
    const SHOWN: usize = 8;
    let names = members.iter().take(SHOWN);
    let names: Vec<&str> = names.map(|(_, field)| field.name).collect();
    let more = if members.len() > SHOWN { " …" } else { "" };
    format!("{}{more}", names.join(", "))
}
