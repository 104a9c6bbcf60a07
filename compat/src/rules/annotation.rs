//! What interfaces say of themselves beyond types: since when an element is
//! there, who may use it, which values it takes. Bytes show none of it.

mod added;
mod constraint;
mod demand;
mod limit;
mod marks;

use crate::declare::rules;
use crate::found::Found;
use crate::model::Field;
use crate::pair::{Pair, World};
use crate::rule::{Judge, Rule};

rules! {
    added_element_has_since,
    added_field_not_required,
    field_max_bytes_not_lowered,
    field_max_items_not_lowered,
    field_not_made_required,
    field_pattern_not_tightened,
    field_required_dropped,
    field_rule_not_tightened,
    field_same_gate,
    field_sensitive_no_remove,
    gate_is_capability,
    rpc_repeatable_no_remove,
    rpc_same_gate,
    since_no_change,
    since_well_formed,
}

/// All of them.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied()
}

/// What annotations say of two fields of one number.
pub(crate) fn fields(pair: &Pair<Field>, world: &World, found: &mut Found) {
    for rule in RULES {
        if let Judge::Field(judge) = rule.judge {
            found.turn_to(rule);
            judge(pair, world, found);
        }
    }
}
