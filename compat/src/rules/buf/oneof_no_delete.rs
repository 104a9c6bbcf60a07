use crate::declare::rule;
use crate::found::{Found, Spot};
use crate::model::Message;
use crate::pair::{Pair, World};

rule! {
    /// A oneof stays in its message.
    ///
    /// ```proto old
    /// message M { oneof o { int32 a = 1; int32 b = 2; } }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto allowed
    /// message M { oneof o { int32 b = 2; } oneof n { int32 a = 1; } }
    /// ```
    "ONEOF_NO_DELETE", Message,
    buf [File, Package, Csr],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    for oneof in world.old.oneofs_of(pair.old) {
        // A synthetic one only says that a field has presence.
        if !oneof.synthetic && world.oneof_twin(oneof.id).is_none() {
            let message = format!(
                "oneof {} was deleted from message {}",
                oneof.name, pair.new.name
            );
            let spot = Spot::of(world.new, pair.new.id);
            found.gone(oneof.id, Some(spot), pair.old.file, message);
        }
    }
}
