use super::describe::field;
use crate::declare::rule;
use crate::features::{JavaUtf8, Syntax, Utf8};
use crate::found::{Found, Spot};
use crate::model::{DescriptorSet, Field, Kind};
use crate::pair::{Pair, World};

rule! {
    /// A string keeps how Java checks it.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { optional string a = 1; }
    /// ```
    /// ```proto breaks
    /// syntax = "proto2";
    /// package p.v1;
    /// option java_string_check_utf8 = true;
    /// message M { optional string a = 1; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// option java_string_check_utf8 = false;
    /// message M { optional string a = 1; }
    /// ```
    "FIELD_SAME_JAVA_UTF8_VALIDATION", Field,
    buf [File, Package],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    if pair.old.kind != Kind::String || pair.new.kind != Kind::String {
        return;
    }
    let old = validation(world.old, pair.old);
    let new = validation(world.new, pair.new);
    if old != new {
        let message = format!(
            "{} changed its validation of UTF-8 in Java from {} to {}",
            field(world.new, pair.new),
            old.word(),
            new.word()
        );
        let spot = Spot::part(world.new, pair.new.id, &[8, 21, 1001, 2]);
        let spot = spot.rather(world.new, pair.new.file, &[8, 27]);
        found.at(pair.new.id, spot, Some(pair.old.file), message);
    }
}

fn validation(set: &DescriptorSet, field: &Field) -> Utf8 {
    let file = &set[field.file];
    let verifies = match (file.java_string_check_utf8, file.syntax) {
        (None, Syntax::Edition(_)) => field.features.java_utf8 == JavaUtf8::Verify,
        (check, _) => check == Some(true),
    };
    if verifies {
        Utf8::Verify
    } else {
        field.features.utf8
    }
}
