use super::cardinality::in_entry;
use super::describe::field;
use crate::declare::rule;
use crate::features::{CppString, EDITION_2024, Syntax};
use crate::found::{Found, Spot};
use crate::model::{DescriptorSet, Field, Kind};
use crate::pair::{Pair, World};

rule! {
    /// A text field keeps its type in C++.
    ///
    /// `ctype` speaks before edition 2024, `(pb.cpp).string_type` else. A string piece may become
    /// a string, not back.
    ///
    /// ```proto old
    /// message M { string a = 1; string b = 2 [ctype = STRING_PIECE]; }
    /// ```
    /// ```proto breaks
    /// message M { string a = 1 [ctype = CORD]; string b = 2 [ctype = STRING_PIECE]; }
    /// ```
    /// ```proto breaks
    /// message M { string a = 1 [ctype = STRING_PIECE]; string b = 2 [ctype = STRING_PIECE]; }
    /// ```
    /// ```proto allowed
    /// message M { bytes a = 1; string b = 2; }
    /// ```
    "FIELD_SAME_CPP_STRING_TYPE", Field,
    buf [File, Package],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let is_text = |field: &Field| matches!(field.kind, Kind::String | Kind::Bytes);
    if !is_text(pair.old)
        || !is_text(pair.new)
        || in_entry(world.old, pair.old) && in_entry(world.new, pair.new)
    {
        return;
    }
    let old = string_type(world.old, pair.old);
    let new = string_type(world.new, pair.new);
    if old != new && (old, new) != (PIECE, CppString::String.word()) {
        let message = format!(
            "{} changed its C++ string type from {old} to {new}",
            field(world.new, pair.new)
        );
        let spot = Spot::part(world.new, pair.new.id, &[8, 21, 1000, 2]);
        let spot = spot.rather(world.new, pair.new.id, &[8, 1]);
        found.at(pair.new.id, spot, Some(pair.old.file), message);
    }
}

const PIECE: &str = "STRING_PIECE";

fn string_type(set: &DescriptorSet, field: &Field) -> &'static str {
    let syntax = set[field.file].syntax;
    if syntax.edition() < EDITION_2024 {
        match field.options.varint(1) {
            Some(0) => return CppString::String.word(),
            Some(1) => return CppString::Cord.word(),
            Some(2) => return PIECE,
            Some(_) if !matches!(syntax, Syntax::Edition(_)) => return CppString::String.word(),
            _ => {}
        }
    }
    field.features.cpp_string.word()
}
