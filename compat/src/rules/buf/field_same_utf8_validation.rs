use super::describe::field;
use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::{Field, Kind};
use crate::pair::{Pair, World};

rule! {
    /// A string keeps whether it is checked for UTF-8.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional string a = 1; }
    /// ```
    /// ```proto breaks
    /// syntax = "proto3";
    /// package p.v1;
    /// message M { optional string a = 1; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional bytes a = 1; }
    /// ```
    "FIELD_SAME_UTF8_VALIDATION", Field,
    buf [File, Package],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    if pair.old.kind != Kind::String || pair.new.kind != Kind::String {
        return;
    }
    let (old, new) = (pair.old.features.utf8, pair.new.features.utf8);
    if old != new {
        let message = format!(
            "{} changed its validation of UTF-8 from {} to {}",
            field(world.new, pair.new),
            old.word(),
            new.word()
        );
        let spot = Spot::part(world.new, pair.new.id, &[8, 21, 4]);
        found.at(pair.new.id, spot, Some(pair.old.file), message);
    }
}
