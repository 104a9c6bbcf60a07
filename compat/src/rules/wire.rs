//! Rules on running binaries: what each side reads of what the other writes,
//! and what may be called. Additions stand here too, though they count in
//! every channel.

mod added_methods;
mod comments;
mod deprecation;
mod elements;
mod guard;
mod kinds;
pub(crate) mod members;
pub(in crate::rules) mod probes;
pub(in crate::rules) mod releases;
pub(in crate::rules) mod values;

use crate::declare::rules;
use crate::found::Found;
use crate::model::{Enum, Field, Message};
use crate::pair::{Pair, World};
use crate::rule::{Judge, Rule};
use crate::rules::buf;

rules! {
    comment_changed,
    element_deprecated,
    element_undeprecated,
    enum_added,
    enum_alias_added,
    enum_value_added,
    enum_value_added_to_open,
    enum_value_no_delete_unless_retired,
    enum_value_same_number,
    field_added,
    field_cardinality_compatible,
    field_extension_changed,
    field_no_delete_unless_retired,
    field_number_no_reuse,
    field_passed_through,
    field_payload_compatible,
    field_presence_compatible,
    field_range_compatible,
    field_same_encoding,
    field_same_message_encoding,
    field_same_number,
    field_same_required,
    field_same_wire_type,
    field_utf8_compatible,
    message_added,
    message_same_set_encoding,
    message_size_bounded,
    neutral_change,
    normative_comment_changed,
    oneof_arm_added_gated,
    oneof_exclusivity_kept,
    payload_type_no_delete,
    reserved_added,
    rpc_added,
    rpc_added_gated,
    rpc_idempotency_not_weakened,
    rpc_path_no_delete,
    service_added,
    stability_not_lowered,
    type_same_shape,
}

/// What the wire says of two messages, whatever their names; their fields are
/// judged one by one.
pub(crate) fn messages(pair: &Pair<Message>, world: &World, found: &mut Found) {
    found.turn_to(&field_added::RULE);
    field_added::members(pair, world, found);
    found.turn_to(&field_no_delete_unless_retired::RULE);
    field_no_delete_unless_retired::members(pair, world, found);
    found.turn_to(&field_extension_changed::RULE);
    field_extension_changed::members(pair, world, found);
    for rule in RULES {
        if let Judge::Message(judge) = rule.judge {
            found.turn_to(rule);
            judge(pair, world, found);
        }
    }
}

/// What the wire says of two fields of one number.
pub(crate) fn fields(pair: &Pair<Field>, world: &World, found: &mut Found) {
    for rule in RULES.iter().chain(buf::ON_THE_WIRE) {
        if let Judge::Field(judge) = rule.judge {
            found.turn_to(rule);
            judge(pair, world, found);
        }
    }
}

/// What the wire says of two enums, whatever their names.
pub(crate) fn enums(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    for rule in RULES.iter().chain(buf::ON_THE_WIRE) {
        if let Judge::Enum(judge) = rule.judge {
            found.turn_to(rule);
            judge(pair, world, found);
        }
    }
}

/// Any rule of the list, for what judges by way of others.
pub(crate) fn any() -> &'static Rule {
    &type_same_shape::RULE
}
