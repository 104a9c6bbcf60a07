use crate::declare::rule;
use crate::features::JsonFormat;
use crate::found::{Found, Spot};
use crate::model::Enum;
use crate::pair::{Pair, World};

rule! {
    /// An enum keeps its JSON form.
    ///
    /// ```proto old
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto breaks
    /// syntax = "proto2";
    /// package p.v1;
    /// enum E { E_ZERO = 0; }
    /// ```
    /// ```proto allowed
    /// enum E { E_ZERO = 0; E_ONE = 1; }
    /// ```
    "ENUM_SAME_JSON_FORMAT", Enum,
    buf [File, Package, WireJson, Csr],
    aperio [Json],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old.features.json, pair.new.features.json);
    if old == JsonFormat::Allow && new != JsonFormat::Allow {
        let message = format!(
            "enum {} changed its JSON format from {} to {}",
            pair.new.name,
            old.word(),
            new.word()
        );
        let spot = Spot::part(world.new, pair.new.id, &[3, 7, 6]);
        found.at(pair.new.id, spot, Some(pair.old.file), message);
    }
}
