use super::types;
use crate::declare::rule;
use crate::found::Found;
use crate::model::{Field, Kind};
use crate::pair::{Pair, World};

rule! {
    /// A field keeps a type that reads the same bytes.
    ///
    /// All varints but zigzag ones pass for each other, even into a narrower one; a string may
    /// become bytes, not back.
    ///
    /// ```proto old
    /// message M { int64 a = 1; string s = 2; bytes b = 3; }
    /// ```
    /// ```proto breaks
    /// message M { sint64 a = 1; string s = 2; bytes b = 3; }
    /// ```
    /// ```proto breaks
    /// message M { int64 a = 1; string s = 2; string b = 3; }
    /// ```
    /// ```proto allowed
    /// message M { bool a = 1; bytes s = 2; bytes b = 3; }
    /// ```
    "FIELD_WIRE_COMPATIBLE_TYPE", Field,
    buf [Wire], v1beta1 [],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old.kind, pair.new.kind);
    if group(old) == group(new) {
        types::compatible_name(pair, world, found);
        return;
    }
    match (old, new) {
        (Kind::String, Kind::Bytes) => {}
        (Kind::Bytes, Kind::String) => types::changed(
            pair,
            world,
            found,
            ", which the wire allows only where the bytes are UTF-8",
        ),
        _ => types::changed(pair, world, found, ", which the wire does not allow"),
    }
}

/// Kinds of one group read each other's bytes.
fn group(kind: Kind) -> Kind {
    match kind {
        Kind::Uint32 | Kind::Int64 | Kind::Uint64 | Kind::Bool => Kind::Int32,
        Kind::Sint64 => Kind::Sint32,
        Kind::Sfixed32 => Kind::Fixed32,
        Kind::Sfixed64 => Kind::Fixed64,
        other => other,
    }
}
