//! What authors meet who compile their code against generated Go or Python.

mod shape;

use crate::declare::rules;
use crate::rule::Rule;

rules! {
    source_same_cardinality,
    source_same_file,
    source_same_kind,
    source_same_name,
    source_same_oneof,
    source_same_presence,
    source_same_rpc_type,
    source_same_streaming,
    symbol_not_made_local,
}

/// All of them.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    RULES.iter().copied()
}
