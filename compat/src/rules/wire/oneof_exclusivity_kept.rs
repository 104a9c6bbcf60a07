use super::members::Members;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Found, Spot};
use crate::model::{Message, OneofId};
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
            shared.entry(new).or_default().push((old, field.new.name));
        }
        if let Some(old) = old {
            split.entry(old).or_default().push((new, field.old.name));
        }
    }
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
                .effects(Effect::Same, Effect::Lossy);
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
                .effects(Effect::Lossy, Effect::Same);
        }
    }
}

/// The fields of each oneof of one side: which oneof of the other side each is
/// in, and its name.
type Groups<'w> = BTreeMap<OneofId, Vec<(Option<OneofId>, &'w str)>>;

/// Whether two of some fields are not in one oneof of the other side.
fn apart(members: &[(Option<OneofId>, &str)]) -> bool {
    let first = members[0].0;
    members.len() > 1 && (first.is_none() || members.iter().any(|(oneof, _)| *oneof != first))
}

fn names(members: &[(Option<OneofId>, &str)]) -> String {
    const SHOWN: usize = 8;
    let names: Vec<&str> = members.iter().take(SHOWN).map(|(_, name)| *name).collect();
    let more = if members.len() > SHOWN { " …" } else { "" };
    format!("{}{more}", names.join(", "))
}
