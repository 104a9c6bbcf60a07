use crate::declare::rule;
use crate::effect::Demand;
use crate::found::{Era, Found, Spot};
use crate::model::{ElementId, NumberRange};
use crate::pair::World;
use crate::rule::Channel;
use crate::rules::buf::ranges::{joined, missing};

rule! {
    /// Numbers or names were reserved.
    ///
    /// ```proto old
    /// message M { int32 a = 1; reserved 3, 4; }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; reserved 3 to 5; }
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; reserved 3, 4; }
    /// enum E { E_ZERO = 0; reserved "E_ONE"; }
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 1; reserved 3 to 4; }
    /// enum E { E_ZERO = 0; }
    /// ```
    "RESERVED_ADDED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    let mut report = |element: ElementId, name: &str| {
        let message = format!("{name} reserves more");
        found
            .at(element, Spot::of(world.new, element), None, message)
            .demands(Channel::All, Demand::Minor);
    };
    for pair in world.changed_messages() {
        let (old, new) = (pair.old, pair.new);
        if more(&old.reserved, &new.reserved) || names(&old.reserved_names, &new.reserved_names) {
            report(new.id.into(), &format!("message {}", new.name));
        }
    }
    for file in world.files(Era::Old) {
        for old in world.old.enums_of(file) {
            let Some(new) = world.enum_twin(old.id).map(|id| &world.new[id]) else {
                continue;
            };
            if more(&old.reserved, &new.reserved) || names(&old.reserved_names, &new.reserved_names)
            {
                report(new.id.into(), &format!("enum {}", new.name));
            }
        }
    }
}

fn more(old: &[NumberRange], new: &[NumberRange]) -> bool {
    if old == new {
        return false;
    }
    let old = joined(old);
    new.iter().any(|range| !missing(*range, &old).is_empty())
}

fn names(old: &[&str], new: &[&str]) -> bool {
    if old == new {
        return false;
    }
    let old: std::collections::HashSet<&str> = old.iter().copied().collect();
    new.iter().any(|name| !old.contains(name))
}
