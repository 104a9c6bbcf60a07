use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::Message;
use crate::pair::{Pair, World};

rule! {
    /// A message keeps its standard descriptor accessor.
    ///
    /// ```proto old
    /// message M {}
    /// ```
    /// ```proto breaks
    /// message M { option no_standard_descriptor_accessor = true; }
    /// ```
    /// ```proto allowed
    /// message M { option no_standard_descriptor_accessor = false; }
    /// ```
    "MESSAGE_NO_REMOVE_STANDARD_DESCRIPTOR_ACCESSOR", Message,
    buf [File, Package, Csr],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    let removed = |message: &Message| message.options.bool(2) == Some(true);
    if !removed(pair.old) && removed(pair.new) {
        let message = format!(
            "message option no_standard_descriptor_accessor of {} changed from false to true",
            pair.new.name
        );
        let spot = Spot::part_only(world.new, pair.new.id, &[7, 2]);
        found.at(pair.new.id, spot, Some(pair.old.file), message);
    }
}
