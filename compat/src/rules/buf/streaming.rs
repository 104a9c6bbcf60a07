//! What the two rules on streams share.

use super::describe::method;
use crate::effect::Effect;
use crate::found::{Found, Spot};
use crate::model::Method;
use crate::pair::{Pair, World};

/// Reports a side of a method that streams and did not, or the other way round.
pub(super) fn kept(
    pair: &Pair<Method>,
    world: &World,
    found: &mut Found,
    side: &str,
    streams: impl Fn(&Method) -> bool,
) {
    let (old, new) = match (streams(pair.old), streams(pair.new)) {
        (false, true) => ("unary", "streaming"),
        (true, false) => ("streaming", "unary"),
        _ => return,
    };
    let name = method(world.new, pair.new);
    let message = format!("{name} changed from {side} {old} to {side} {new}");
    let against = world.old.file_of(pair.old.id.into());
    found
        .at(
            pair.new.id,
            Spot::of(world.new, pair.new.id),
            Some(against),
            message,
        )
        .effects(Effect::Rejected, Effect::Rejected);
}
