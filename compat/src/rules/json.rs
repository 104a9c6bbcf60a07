//! What readers of stored JSON meet.

use crate::declare::rules;
use crate::rule::Rule;

rules! {
    field_same_json_shape,
}

/// All of them.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied()
}
