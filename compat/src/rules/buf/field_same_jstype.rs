use super::describe::field;
use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::{Field, Kind};
use crate::pair::{Pair, World};

rule! {
    /// A 64-bit field keeps its `jstype`.
    ///
    /// ```proto old
    /// message M { int64 a = 1; }
    /// ```
    /// ```proto breaks
    /// message M { int64 a = 1 [jstype = JS_STRING]; }
    /// ```
    /// ```proto allowed
    /// message M { int64 a = 1 [jstype = JS_NORMAL]; }
    /// ```
    "FIELD_SAME_JSTYPE", Field,
    buf [File, Package],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    if !is_64_bit(pair.old.declared_kind) || !is_64_bit(pair.new.declared_kind) {
        return;
    }
    let [old, new] = [pair.old, pair.new].map(|field| field.options.varint(6).unwrap_or(0));
    if old != new {
        let message = format!(
            "{} changed its jstype from {} to {}",
            field(world.new, pair.new),
            word(old),
            word(new)
        );
        let spot = Spot::part(world.new, pair.new.id, &[8, 6]);
        found.at(pair.new.id, spot, Some(pair.old.file), message);
    }
}

fn is_64_bit(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Int64 | Kind::Uint64 | Kind::Sint64 | Kind::Fixed64 | Kind::Sfixed64
    )
}

fn word(jstype: u64) -> String {
    match jstype {
        0 => "JS_NORMAL".to_owned(),
        1 => "JS_STRING".to_owned(),
        2 => "JS_NUMBER".to_owned(),
        other => other.to_string(),
    }
}
