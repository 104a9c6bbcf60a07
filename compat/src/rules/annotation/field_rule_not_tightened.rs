use super::constraint::{Change, Known, changes, is_ruled, of_field, of_oneof};
use super::demand::{loosened, tightened};
use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::{DescriptorSet, ElementId, FileId, Message};
use crate::pair::{Pair, World};

rule! {
    /// What a validator asks of a field does not grow.
    ///
    /// Read are the rules of `buf.validate` and `REQUIRED` of `google.api.field_behavior`: limits of numbers, lengths and sizes, lists of values, patterns, what is required or defined. A rule that is not understood counts as tightened when it changes. Rules may be loosened.
    ///
    /// ```proto old
    /// import "buf/validate/validate.proto";
    /// import "google/api/field_behavior.proto";
    /// message M { int32 a = 1 [(buf.validate.field).int32.lte = 9]; string b = 2 [(buf.validate.field).string.in = "x"]; }
    /// ```
    /// ```proto breaks
    /// import "buf/validate/validate.proto";
    /// import "google/api/field_behavior.proto";
    /// message M { int32 a = 1 [(buf.validate.field).int32.lte = 8]; string b = 2 [(buf.validate.field).string.in = "x"]; }
    /// ```
    /// ```proto breaks
    /// import "buf/validate/validate.proto";
    /// import "google/api/field_behavior.proto";
    /// message M { int32 a = 1 [(buf.validate.field).int32.lte = 9, (google.api.field_behavior) = REQUIRED]; string b = 2 [(buf.validate.field).string.in = "x"]; }
    /// ```
    /// ```proto breaks
    /// import "buf/validate/validate.proto";
    /// import "google/api/field_behavior.proto";
    /// message M { int32 a = 1 [(buf.validate.field).int32.lte = 9]; string b = 2 [(buf.validate.field).string.in = "x"]; int32 c = 3 [(buf.validate.field).required = true]; }
    /// ```
    /// ```proto breaks
    /// import "buf/validate/validate.proto";
    /// import "google/api/field_behavior.proto";
    /// message M { int32 a = 1 [(buf.validate.field).int32.lte = 9]; string b = 2 [(buf.validate.field).string = { in: ["x", "y"] }]; }
    /// ```
    /// ```proto allowed
    /// import "buf/validate/validate.proto";
    /// import "google/api/field_behavior.proto";
    /// message M { int32 a = 1 [(buf.validate.field) = { int32: { lte: 9 } }]; string b = 2 [(google.api.field_behavior) = IMMUTABLE, (buf.validate.field).string.in = "x"]; int32 c = 3 [(buf.validate.field).int32.gt = 0]; }
    /// ```
    "FIELD_RULE_NOT_TIGHTENED", Message,
    aperio [Wire, Json, SourceGo, SourcePy, Source],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let says = |set: &DescriptorSet, message: &Message| {
        set.fields_of(message)
            .iter()
            .any(|field| is_ruled(field.options))
            || set
                .oneofs_of(message)
                .iter()
                .any(|oneof| is_ruled(oneof.options))
    };
    if !says(world.old, pair.old) && !says(world.new, pair.new) {
        return;
    }
    let known = (Known::of(world.old), Known::of(world.new));
    let against = pair.old.file;
    for new in world.new.fields_of(pair.new) {
        let Some(old) = world.field_origin(new.id) else {
            // Who writes by the old side never sets it.
            let rules = of_field(known.1, new);
            if rules.contains_key("required") {
                let name = world.new.full_name(new.id);
                let message = format!("field {name} was added and is required");
                let spot = Spot::of(world.new, new.id);
                tightened(found.at(new.id, spot, None, message));
            }
            continue;
        };
        let old = &world.old[old];
        if old.options == new.options {
            continue;
        }
        let changes = changes(&of_field(known.0, old), &of_field(known.1, new));
        report(world, found, new.id.into(), against, &changes);
    }
    for new in world.new.oneofs_of(pair.new) {
        let old = world.oneof_origin(new.id).map(|old| &world.old[old]);
        // One that was released as such, or that takes in what was.
        let rules = old.map(|old| of_oneof(known.0, old.options));
        let changes = changes(&rules.unwrap_or_default(), &of_oneof(known.1, new.options));
        report(world, found, new.id.into(), against, &changes);
    }
}

fn report(
    world: &World,
    found: &mut Found,
    element: ElementId,
    against: FileId,
    changes: &[(Change, String)],
) {
    let tighter = changes
        .iter()
        .any(|(change, _)| *change == Change::Tightened);
    let told: Vec<&str> = changes
        .iter()
        .filter(|(change, _)| (*change == Change::Tightened) == tighter)
        .map(|(_, how)| how.as_str())
        .collect();
    if told.is_empty() {
        return;
    }
    let name = world.new.full_name(element);
    let message = format!("{name}: {}", told.join("; "));
    let spot = Spot::of(world.new, element);
    let hit = found.at(element, spot, Some(against), message);
    if tighter {
        tightened(hit);
    } else {
        loosened(hit);
    }
}
