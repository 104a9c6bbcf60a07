use super::limit::moved;
use crate::annotation::{Annotations, MAX_BYTES};
use crate::declare::rule;
use crate::found::Found;
use crate::model::{Field, Kind};
use crate::pair::{Pair, World};
use crate::witness::Sample;

rule! {
    /// A field takes values as long as before.
    ///
    /// It may be raised or go: writers keep to the old limit as long as they talk to an older minor.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.max_bytes) = 8]; string b = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.max_bytes) = 7]; string b = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.max_bytes) = 8]; string b = 2 [(aperio.annotations.v1.max_bytes) = 8]; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.max_bytes) = 9]; string b = 2; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { string a = 1 [(aperio.annotations.v1.max_bytes) = 8, deprecated = true]; string b = 2; }
    /// ```
    "FIELD_MAX_BYTES_NOT_LOWERED", Field,
    aperio [Wire, Json, SourceGo, SourcePy, Source],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let option = ("max_bytes", MAX_BYTES);
    // What a pattern takes is not made longer here, nor what a message holds.
    let textual = matches!(pair.old.kind, Kind::String | Kind::Bytes);
    let beyond = |old: &Annotations, limit: usize| {
        let text = Sample::Text("x".repeat(limit + 1));
        (textual && old.pattern.is_none()).then(|| vec![text])
    };
    moved(pair, world, found, option, |said| said.max_bytes, beyond);
}
