//! What readers of stored JSON meet.

use crate::declare::rules;
use crate::model::MessageId;
use crate::pair::World;
use crate::rule::Rule;

rules! {
    field_same_json_shape,
}

/// All of them.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied()
}

/// Whether what one message is in JSON is read as another.
pub(crate) fn alike(world: &World, old: MessageId, new: MessageId) -> bool {
    field_same_json_shape::alike(world, old, new)
}

/// Rules on how values are numbered and framed, and on what JSON has rules of
/// its own for: what travels as JSON is none of theirs.
pub(crate) const FRAMES: &[&str] = &[
    "ENUM_VALUE_SAME_NUMBER",
    "EXTENSION_MESSAGE_NO_DELETE",
    "FIELD_CARDINALITY_COMPATIBLE",
    "FIELD_EXTENSION_CHANGED",
    "FIELD_NUMBER_NO_REUSE",
    "FIELD_PAYLOAD_COMPATIBLE",
    "FIELD_SAME_ENCODING",
    "FIELD_SAME_MESSAGE_ENCODING",
    "FIELD_SAME_NUMBER",
    "FIELD_SAME_WIRE_TYPE",
    "FIELD_UTF8_COMPATIBLE",
    "MESSAGE_SAME_SET_ENCODING",
    "TYPE_SAME_SHAPE",
];

#[cfg(test)]
mod tests {
    #[test]
    fn frames_are_rules() {
        for id in super::FRAMES {
            assert!(crate::catalog::find(id).is_some(), "{id}");
        }
    }
}
