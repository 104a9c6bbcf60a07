use super::probes;
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Era, Found, Spot};
use crate::model::{Cardinality, Field};
use crate::pair::{Pair, World};
use crate::rule::Channel;
use crate::rules::buf::cardinality::in_entry;
use crate::rules::buf::describe::field;

rule! {
    /// A field that tells zero from unset keeps doing so.
    ///
    /// Without presence, zero is not written: a side that tells the two apart reads unset. Where
    /// presence is added only the new side tells them apart, and knows it.
    ///
    /// ```proto old
    /// message M { optional int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Lossy new_to_old=Lossy
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Same
    /// message M { optional int32 a = 1; optional int32 b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { oneof o { int32 a = 1; } int32 b = 2; }
    /// ```
    "FIELD_PRESENCE_COMPATIBLE", Field,
    aperio [Wire],
    covers ["FIELD_SAME_CARDINALITY"],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    // A message has presence always: one that came or went is another kind.
    if pair.old.kind.is_message() || pair.new.kind.is_message() {
        return;
    }
    if in_entry(world.old, pair.old) || in_entry(world.new, pair.new) {
        return;
    }
    let old = world.old.cardinality(pair.old);
    let (lost, said) = match (old, world.new.cardinality(pair.new)) {
        (Cardinality::Explicit, Cardinality::Implicit) => (true, "zero and unset became one"),
        (Cardinality::Implicit, Cardinality::Explicit) => (false, "zero and unset now differ"),
        _ => return,
    };
    let message = format!("{}: {said}", field(world.new, pair.new));
    let spot = Spot::of(world.new, pair.new.id);
    let hit = found.at(pair.new.id, spot, Some(pair.old.file), message);
    if lost {
        let zero = probes::zero(pair.old);
        hit.effects(Effect::Lossy, Effect::Lossy)
            .shown_by(zero.map(|zero| probes::field(world, Era::Old, pair, [zero])));
    } else {
        hit.effects(Effect::Same, Effect::Same)
            .demands(Channel::Wire, Demand::Minor);
    }
}
