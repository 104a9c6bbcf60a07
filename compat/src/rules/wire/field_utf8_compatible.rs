use super::kinds::{retyped, verifies};
use super::probes;
use crate::declare::rule;
use crate::effect::Effect;
use crate::found::{Era, Found, Spot};
use crate::model::{Field, Kind};
use crate::pair::{Pair, World};
use crate::rules::buf::describe::field;
use crate::witness::Sample;

rule! {
    /// A reader that checks for UTF-8 is only sent UTF-8.
    ///
    /// Strings and bytes are framed alike. A side that checks its strings refuses a message whose
    /// writer does not; some readers check every string, so one that was bytes is refused there
    /// whatever it says of itself.
    ///
    /// ```proto old
    /// message M { string a = 1; bytes b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Rejected
    /// message M { bytes a = 1; bytes b = 2; }
    /// ```
    /// ```proto breaks old_to_new=Rejected new_to_old=Same
    /// message M { string a = 1; string b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { string c = 1; bytes b = 2; }
    /// ```
    "FIELD_UTF8_COMPATIBLE", Field,
    aperio [Wire],
    covers [
        "FIELD_SAME_UTF8_VALIDATION",
        "FIELD_SAME_TYPE",
        "FIELD_WIRE_COMPATIBLE_TYPE",
        "FIELD_WIRE_JSON_COMPATIBLE_TYPE",
    ],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let textual = |field: &Field<'_>| matches!(field.kind, Kind::String | Kind::Bytes);
    // Some readers verify every string, whatever its features say.
    let denies = |reader: &Field<'_>, writer: &Field<'_>| {
        !verifies(writer)
            && (verifies(reader) || reader.kind == Kind::String && writer.kind == Kind::Bytes)
    };
    let (old, new) = (denies(pair.old, pair.new), denies(pair.new, pair.old));
    if !textual(pair.old) || !textual(pair.new) || old == new {
        return;
    }
    let because = if old {
        "an old reader refuses what is no UTF-8"
    } else {
        "a new reader refuses what is no UTF-8"
    };
    let effect = |refuses| {
        if refuses {
            Effect::Rejected
        } else {
            Effect::Same
        }
    };
    let hit = if pair.old.kind == pair.new.kind {
        let message = format!(
            "{} changed whether it is checked for UTF-8: {because}",
            field(world.new, pair.new)
        );
        let spot = Spot::part(world.new, pair.new.id, &[8, 21, 4]);
        found.at(pair.new.id, spot, Some(pair.old.file), message)
    } else {
        retyped(pair, world, found, because)
    };
    let writer = if old { Era::New } else { Era::Old };
    let sample = Sample::Bytes(vec![0xff, 0xfe]);
    hit.effects(effect(old), effect(new))
        .shown_by(probes::field(world, writer, pair, [sample]));
}
