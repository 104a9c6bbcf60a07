use super::deprecation;
use crate::declare::rule;
use crate::found::Found;
use crate::pair::World;

rule! {
    /// An element was deprecated.
    ///
    /// It moves the digest that plugins of a minor repeat, and is news for authors: never a patch.
    ///
    /// ```proto old
    /// message M { int32 a = 1; int32 b = 2 [deprecated = true]; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1 [deprecated = true]; int32 b = 2 [deprecated = true]; }
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    "ELEMENT_DEPRECATED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    deprecation::report(world, found, true);
}
