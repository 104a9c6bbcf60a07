use super::limit::moved;
use crate::annotation::{Annotations, MAX_ITEMS};
use crate::declare::rule;
use crate::found::Found;
use crate::model::{Cardinality, Field};
use crate::pair::{Pair, World};
use crate::rules::wire::probes;

rule! {
    /// A field takes as many elements as before.
    ///
    /// It may be raised or go: writers keep to the old limit as long as they talk to an older minor.
    ///
    /// ```proto old
    /// import "aperio/annotations/v1/options.proto";
    /// message M { repeated string a = 1 [(aperio.annotations.v1.max_items) = 8]; repeated string b = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { repeated string a = 1 [(aperio.annotations.v1.max_items) = 7]; repeated string b = 2; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { repeated string a = 1 [(aperio.annotations.v1.max_items) = 8]; repeated string b = 2 [(aperio.annotations.v1.max_items) = 8]; }
    /// ```
    /// ```proto breaks
    /// import "aperio/annotations/v1/options.proto";
    /// message M { repeated string a = 1 [(aperio.annotations.v1.max_items) = 9]; repeated string b = 2; }
    /// ```
    /// ```proto allowed
    /// import "aperio/annotations/v1/options.proto";
    /// message M { repeated string a = 1 [(aperio.annotations.v1.max_items) = 8, deprecated = true]; repeated string b = 2; }
    /// ```
    "FIELD_MAX_ITEMS_NOT_LOWERED", Field,
    aperio [Wire, Json, SourceGo, SourcePy, Source],
    judge
}

fn judge(pair: &Pair<Field>, world: &World, found: &mut Found) {
    let option = ("max_items", MAX_ITEMS);
    // Entries of a map would need a key each.
    let list = world.old.cardinality(pair.old) == Cardinality::Repeated;
    let beyond = |old: &Annotations, limit: usize| {
        let item = probes::some(world.old, pair.old);
        (list && old.pattern.is_none()).then(|| vec![item; limit + 1])
    };
    moved(pair, world, found, option, |said| said.max_items, beyond);
}
