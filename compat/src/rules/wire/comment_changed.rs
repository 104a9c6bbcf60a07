use super::comments;
use crate::declare::rule;
use crate::found::Found;
use crate::pair::World;

rule! {
    /// A comment changed.
    ///
    /// ```proto old
    /// // One.
    /// message N {}
    /// ```
    /// ```proto breaks
    /// // Two.
    /// message N {}
    /// ```
    /// ```proto allowed
    /// // One.
    /// message N { int32 a = 1; }
    /// ```
    "COMMENT_CHANGED", Set,
    aperio [All],
    judge
}

fn judge(world: &World, found: &mut Found) {
    comments::report(world, found, "changed", |_, _| true);
}
