use super::demand::refused;
use super::marks::{either, elements, minor, since, spot};
use crate::annotation::{Annotations, FIELD_GATED_BY, METHOD_GATED_BY};
use crate::declare::rule;
use crate::found::{Era, Found};
use crate::model::{DescriptorSet, ElementId};
use crate::pair::World;

rule! {
    /// A gate is a capability that is there as soon as what it guards.
    ///
    /// It names a value of the enum `Capability` of the same package, and none that came later than the guarded element.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; }
    /// enum Capability { NONE = 0; WIDE = 1; LATE = 2 [(aperio.annotations.v1.value_since) = "1.2"]; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.field_since) = "1.1", (aperio.annotations.v1.field_gated_by) = "WIDER"]; }
    /// enum Capability { NONE = 0; WIDE = 1; LATE = 2 [(aperio.annotations.v1.value_since) = "1.2"]; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.field_since) = "1.1", (aperio.annotations.v1.field_gated_by) = "LATE"]; }
    /// enum Capability { NONE = 0; WIDE = 1; LATE = 2 [(aperio.annotations.v1.value_since) = "1.2"]; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.field_since) = "1.1", (aperio.annotations.v1.field_gated_by) = "WIDE"]; }
    /// enum Capability { NONE = 0; WIDE = 1; LATE = 2 [(aperio.annotations.v1.value_since) = "1.2"]; }
    /// ```
    "GATE_IS_CAPABILITY", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    let annotated = either(world);
    for file in world.files(Era::New) {
        if !annotated.contains(file.package) {
            continue;
        }
        for (element, old) in elements(world, file) {
            let Some(wrong) = wrong(world.new, element) else {
                continue;
            };
            // What was released so is not accused again.
            if old.is_some_and(|old| self::wrong(world.old, old).is_some()) {
                continue;
            }
            // Without its mark it would look older than it is; that is told.
            let unmarked = old.is_none() && since(world.new, element).is_none();
            if unmarked && wrong == Wrong::Later {
                continue;
            }
            let gate = Annotations::of(world.new, element).gate.unwrap_or_default();
            let name = world.new.full_name(element);
            let message = format!("{name} is gated by {gate:?}, {}", wrong.text());
            let option = match element {
                ElementId::Method(_) => METHOD_GATED_BY,
                _ => FIELD_GATED_BY,
            };
            let spot = spot(world.new, element, option);
            let against = old.map(|old| world.old.file_of(old));
            refused(found.at(element, spot, against, message));
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Unknown,
    Later,
}

impl Wrong {
    fn text(self) -> &'static str {
        match self {
            Wrong::Unknown => "which is no value of Capability",
            Wrong::Later => "a capability that came later",
        }
    }
}

fn wrong(set: &DescriptorSet<'_>, element: ElementId) -> Option<Wrong> {
    let gate = Annotations::of(set, element).gate?;
    let package = set[set.file_of(element)].package;
    let name = if package.is_empty() {
        "Capability".to_owned()
    } else {
        format!("{package}.Capability")
    };
    let capability = set.find_enum(&name).and_then(|id| {
        let mut values = set.values_of(&set[id]).iter();
        values.find(|value| value.name == gate)
    });
    let Some(capability) = capability else {
        return Some(Wrong::Unknown);
    };
    let at = |since: Option<&str>| since.and_then(minor).unwrap_or_default();
    let later = at(Annotations::of(set, capability.id).since) > at(since(set, element));
    later.then_some(Wrong::Later)
}
