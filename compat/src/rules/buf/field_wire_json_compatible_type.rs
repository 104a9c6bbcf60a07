use super::types;
use crate::declare::rule;
use crate::found::Found;
use crate::model::{Field, Kind};
use crate::pair::{Pair, World};

rule! {
    /// A field keeps a type that reads the same bytes and the same JSON.
    ///
    /// Signed and unsigned of one width pass for each other. An enum may be another of the
    /// same short name that holds all its values.
    ///
    /// ```proto old
    /// message M { int32 a = 1; string s = 2; E e = 3; }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks
    /// message M { int64 a = 1; string s = 2; E e = 3; }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; bytes s = 2; E e = 3; }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; string s = 2; F e = 3; }
    /// enum E { E_ZERO = 0; }
    /// enum F { F_ZERO = 0; }
    /// ```
    /// ```proto allowed
    /// message M { uint32 a = 1; string s = 2; N.E e = 3; }
    /// enum E { E_ZERO = 0; }
    /// message N { enum E { E_ZERO = 0; E_ONE = 1; } }
    /// ```
    "FIELD_WIRE_JSON_COMPATIBLE_TYPE", Field,
    buf [WireJson, Csr], v1beta1 [],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    if group(pair.old.kind) == group(pair.new.kind) {
        types::compatible_name(pair, world, found);
    } else {
        types::changed(
            pair,
            world,
            found,
            ", which neither the wire nor JSON allows",
        );
    }
}

/// Kinds of one group read each other's bytes and JSON.
fn group(kind: Kind) -> Kind {
    match kind {
        Kind::Uint32 => Kind::Int32,
        Kind::Uint64 => Kind::Int64,
        Kind::Sfixed32 => Kind::Fixed32,
        Kind::Sfixed64 => Kind::Fixed64,
        other => other,
    }
}
