use super::deprecation;
use crate::declare::rule;
use crate::found::Found;
use crate::pair::World;

rule! {
    /// An element is not deprecated any more.
    ///
    /// As its deprecation, this moves the digest.
    ///
    /// ```proto old
    /// message M { int32 a = 1; int32 b = 2 [deprecated = true]; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 1 [deprecated = true]; int32 b = 2 [deprecated = true]; }
    /// ```
    "ELEMENT_UNDEPRECATED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    deprecation::report(world, found, false);
}
