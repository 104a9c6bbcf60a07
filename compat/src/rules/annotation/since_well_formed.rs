use super::added::added;
use super::demand::refused;
use super::marks::{minor, spot};
use crate::annotation::{Annotations, SINCE};
use crate::declare::rule;
use crate::found::Found;
use crate::occasion::Occasion;
use crate::pair::World;

rule! {
    /// The mark of an added element names the release that adds it.
    ///
    /// It is `MAJOR.MINOR`, of the major that is declared, not later than the declared release and later than the base.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.field_since) = "1.1.0"]; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.field_since) = "next"]; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { int32 a = 1; int32 b = 2 [(aperio.annotations.v1.field_since) = "1.1"]; }
    /// ```
    "SINCE_WELL_FORMED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    for added in added(world) {
        let Some(since) = Annotations::of(world.new, added.element).since else {
            continue;
        };
        if let Some(wrong) = wrong(since, &world.occasion) {
            let name = world.new.full_name(added.element);
            let message = format!("{name} is marked since {since:?}, {wrong}");
            let spot = spot(world.new, added.element, SINCE);
            refused(found.at(added.element, spot, None, message));
        }
    }
}

/// What is wrong with the mark of an element that the base does not have.
fn wrong(since: &str, occasion: &Occasion) -> Option<String> {
    let Some(at) = minor(since) else {
        return Some("which is no MAJOR.MINOR".to_owned());
    };
    let release = |version: &semver::Version| (version.major, version.minor);
    let base = occasion.base.as_ref().map(release);
    let declared = occasion.declared.as_ref().map(release);
    let told = |(major, minor): (u64, u64)| format!("{major}.{minor}");
    if let Some((major, _)) = declared.or(base)
        && major != at.0
    {
        return Some(format!("and the major is {major}"));
    }
    if let Some(declared) = declared
        && at > declared
    {
        return Some(format!("later than the declared {}", told(declared)));
    }
    if let Some(base) = base
        && at <= base
    {
        return Some(format!("and {} was released without it", told(base)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_lie_between_base_and_declared() {
        let occasion = |base: &str, declared: &str| Occasion {
            base: Some(base.parse().unwrap()),
            declared: Some(declared.parse().unwrap()),
            ..Occasion::default()
        };
        let (near, far) = (occasion("1.1.0", "1.2.0"), occasion("1.0.3", "1.2.0-rc.1"));
        for (since, near_wrong, far_wrong) in [
            ("1.0", true, true),
            ("1.1", true, false),
            ("1.2", false, false),
            ("1.3", true, true),
            ("2.0", true, true),
            ("1.2.0", true, true),
        ] {
            assert_eq!(wrong(since, &near).is_some(), near_wrong, "{since}");
            assert_eq!(wrong(since, &far).is_some(), far_wrong, "{since}");
        }
        assert_eq!(wrong("7.7", &Occasion::default()), None);
    }
}
