use super::members::Members;
use crate::declare::rule;
use crate::effect::{Demand, Effect};
use crate::found::{Found, Spot};
use crate::model::{Message, NumberRange};
use crate::pair::{Pair, World};
use crate::rule::Channel;
use crate::rules::annotation;
use crate::rules::buf::describe::field as describe;
use crate::rules::buf::ranges;

rule! {
    /// A field became an extension, or an extension a field.
    ///
    /// Under one number both are written alike. A reader that has not registered the extension keeps
    /// it as an unknown field, and JSON gives it another name. What a field promises counts as if it
    /// had stayed where it was: its kind, whether it is required, what excludes it. Numbers left to
    /// extensions may end with the extension that stood there, and no others with them.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional int32 a = 1; optional int32 b = 2; extensions 100 to 101; }
    /// extend M { optional int32 c = 100; }
    /// ```
    /// ```proto breaks old_to_new=Ignored new_to_old=Same
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional int32 a = 1; extensions 2, 100 to 101; }
    /// extend M { optional int32 b = 2; optional int32 c = 100; }
    /// ```
    /// ```proto breaks old_to_new=Same new_to_old=Ignored
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional int32 a = 1; optional int32 b = 2; optional int32 c = 100; extensions 101; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional int32 a = 1; extensions 2, 100 to 101; }
    /// extend M { optional int32 c = 100; }
    /// ```
    "FIELD_EXTENSION_CHANGED", Set,
    aperio [Wire, Json],
    covers ["EXTENSION_MESSAGE_NO_DELETE", "EXTENSION_NO_DELETE", "FIELD_NO_DELETE"],
    instead_of ["EXTENSION_MESSAGE_NO_DELETE"],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for pair in world.changed_messages() {
        members(&pair, world, found);
        for field in Members::of(&pair, world).paired {
            if field.old.extendee.is_some() != field.new.extendee.is_some() {
                super::fields(&field, world, found);
                annotation::fields(&field, world, found);
                found.turn_to(&RULE);
            }
        }
    }
}

/// The same of two messages that may have different names, but for what their
/// fields promise.
pub(crate) fn members(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let paired = Members::of(pair, world).paired;
    let moved = paired.into_iter();
    let moved: Vec<_> = moved
        .filter(|field| field.old.extendee.is_some() != field.new.extendee.is_some())
        .collect();
    let inside = moved.iter().filter(|field| field.new.extendee.is_none());
    let inside: Vec<i32> = inside.map(|field| field.new.number).collect();
    let lost = beyond(pair, &inside);
    for field in moved {
        let extension = field.new.extendee.is_some();
        let mut message = if extension {
            let name = world.new.full_name(field.new.id);
            format!("{} became extension {name}", describe(world.old, field.old))
        } else {
            let name = world.old.full_name(field.old.id);
            format!("extension {name} became {}", describe(world.new, field.new))
        };
        let mut demand = Demand::Minor;
        if !extension && let Some(range) = lost {
            let max = ranges::message_max(pair.new);
            let range = ranges::show(range, max);
            message = format!("{message}, and extensions lost {range}");
            demand = Demand::Major;
        }
        let spot = Spot::of(world.new, field.new.id);
        let hit = found.at(field.new.id, spot, Some(field.old.file), message);
        if extension {
            hit.effects(Effect::Same, Effect::Ignored);
        } else {
            hit.effects(Effect::Ignored, Effect::Same);
        }
        hit.demands(Channel::Wire, demand)
            .demands(Channel::Json, Demand::Major);
    }
}

/// Numbers that extensions lost, and no field of some numbers took.
fn beyond(pair: &Pair<Message>, taken: &[i32]) -> Option<NumberRange> {
    let taken = taken.iter().map(|number| NumberRange {
        first: *number,
        last: *number,
    });
    let left = pair.new.extension_ranges.iter().copied().chain(taken);
    let left = ranges::joined(&left.collect::<Vec<_>>());
    let old = pair.old.extension_ranges.iter();
    let mut lost = old.flat_map(|range| ranges::missing(*range, &left));
    lost.next()
}
