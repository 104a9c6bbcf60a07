use super::demand::refused;
use super::marks::{either, elements, minor, spot};
use crate::annotation::{Annotations, SINCE};
use crate::declare::rule;
use crate::found::{Era, Found};
use crate::pair::World;

rule! {
    /// A released element keeps its mark of when it came.
    ///
    /// No mark means the first minor of the major, so `1.0` and none are one.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.field_since) = "1.1"]; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.field_since) = "1.2"]; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1 [(aperio.annotations.v1.field_since) = "1.0"]; int64 b = 2 [(aperio.annotations.v1.field_since) = "1.1"]; }
    /// ```
    "SINCE_NO_CHANGE", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    let annotated = either(world);
    for file in world.files(Era::New) {
        let origin_file = world.file_origin(file.id).map(|id| &world.old[id]);
        let same = origin_file.is_some_and(|old| old.bytes == file.bytes);
        if same || !annotated.contains(file.package) {
            continue;
        }
        for (element, old) in elements(world, file) {
            let Some(old) = old else {
                continue;
            };
            let before = Annotations::of(world.old, old).since;
            let after = Annotations::of(world.new, element).since;
            if !equal(before, after) {
                let message = format!(
                    "{} was there since {} and says {}",
                    world.new.full_name(element),
                    text(before),
                    text(after)
                );
                let spot = spot(world.new, element, SINCE);
                let against = Some(world.old.file_of(old));
                refused(found.at(element, spot, against, message));
            }
        }
    }
}

fn equal(before: Option<&str>, after: Option<&str>) -> bool {
    match (before, after) {
        (Some(one), None) | (None, Some(one)) => minor(one).is_some_and(|(_, minor)| minor == 0),
        _ => before == after,
    }
}

fn text(since: Option<&str>) -> String {
    since.map_or_else(
        || "the first minor".to_owned(),
        |since| format!("{since:?}"),
    )
}
