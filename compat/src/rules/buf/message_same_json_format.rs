use crate::declare::rule;
use crate::features::JsonFormat;
use crate::found::{Found, Spot};
use crate::model::Message;
use crate::pair::{Pair, World};

rule! {
    /// A message keeps its JSON form.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// syntax = "proto2";
    /// package p.v1;
    /// message M {}
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 1; }
    /// ```
    "MESSAGE_SAME_JSON_FORMAT", Message,
    buf [File, Package, WireJson, Csr],
    aperio [Json],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let (old, new) = (pair.old.features.json, pair.new.features.json);
    if old == JsonFormat::Allow && new != JsonFormat::Allow {
        let message = format!(
            "message {} changed its JSON format from {} to {}",
            pair.new.name,
            old.word(),
            new.word()
        );
        let spot = Spot::part(world.new, pair.new.id, &[7, 12, 6]);
        found.at(pair.new.id, spot, Some(pair.old.file), message);
    }
}
