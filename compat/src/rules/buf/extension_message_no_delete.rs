use super::ranges;
use crate::declare::rule;
use crate::found::Found;
use crate::model::Message;
use crate::pair::{Pair, World};

rule! {
    /// Numbers left to extensions stay left to them.
    ///
    /// Splitting and joining ranges is fine.
    ///
    /// ```proto old
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { extensions 100 to 200; }
    /// ```
    /// ```proto breaks
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { extensions 100 to 150; }
    /// ```
    /// ```proto allowed
    /// syntax = "proto2";
    /// package p.v1;
    /// message M { extensions 90 to 120, 121 to max; }
    /// ```
    "EXTENSION_MESSAGE_NO_DELETE", Message,
    buf [File, Package, Csr],
    aperio [Wire],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let (old, new) = (&pair.old.extension_ranges, &pair.new.extension_ranges);
    let max = ranges::message_max(pair.new);
    let element = ranges::Element::message(world, pair);
    ranges::kept(&element, "extension", (old, new), max, found);
}
