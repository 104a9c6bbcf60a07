use super::deletion::{self, Excuse};
use crate::declare::rule;
use crate::found::Found;
use crate::model::Message;
use crate::pair::{Pair, World};

rule! {
    /// A field stays in its message.
    ///
    /// A new number deletes the old field.
    ///
    /// ```proto old
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; reserved 2; reserved "b"; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; int32 b = 3; }
    /// ```
    /// ```proto allowed
    /// message M { int32 b = 2; int32 a = 1; int32 c = 3; }
    /// ```
    "FIELD_NO_DELETE", Message,
    buf [File, Package, Csr],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    deletion::fields(pair, world, found, Excuse::Nothing);
}
