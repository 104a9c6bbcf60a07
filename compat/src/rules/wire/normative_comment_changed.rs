use super::comments::{self, differing};
use crate::declare::rule;
use crate::found::Found;
use crate::pair::World;

rule! {
    /// A comment that rules changed.
    ///
    /// A line that says MUST or SHOULD, names a default or a unit may change what implementers have
    /// to do, though no descriptor shows it: somebody should read it.
    ///
    /// ```proto old
    /// // How long to wait, in seconds.
    /// message N {}
    /// ```
    /// ```proto breaks
    /// // How long to wait, in milliseconds.
    /// message N {}
    /// ```
    /// ```proto allowed
    /// // How long to wait, in seconds.
    /// // The clock does not matter.
    /// message N {}
    /// ```
    "NORMATIVE_COMMENT_CHANGED", Set,
    aperio [All],
    instead_of ["COMMENT_CHANGED"],
    judge
}

fn judge(world: &World, found: &mut Found) {
    let how = "changed where it says what must be done: please read it";
    comments::report(world, found, how, |old, new| differing(old, new).any(rules));
}

/// Words that bind, in lower case but for those that bind in capitals alone.
const BINDING: [&str; 2] = ["MUST", "SHOULD"];
const MEASURES: [&str; 28] = [
    "default",
    "defaults",
    "bit",
    "bits",
    "byte",
    "bytes",
    "kb",
    "kib",
    "mb",
    "mib",
    "gb",
    "gib",
    "ns",
    "us",
    "ms",
    "nanoseconds",
    "microseconds",
    "millisecond",
    "milliseconds",
    "second",
    "seconds",
    "minute",
    "minutes",
    "hour",
    "hours",
    "day",
    "days",
    "percent",
];

fn rules(line: &str) -> bool {
    line.split(|char: char| !char.is_alphanumeric())
        .any(|word| BINDING.contains(&word) || MEASURES.contains(&word.to_lowercase().as_str()))
}
