use super::deletion::{self, Excuse};
use crate::declare::rule;
use crate::found::Found;
use crate::model::Message;
use crate::pair::{Pair, World};

rule! {
    /// The name of a deleted field is reserved.
    ///
    /// ```proto old
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; reserved 2; }
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 1; reserved "b"; }
    /// ```
    "FIELD_NO_DELETE_UNLESS_NAME_RESERVED", Message,
    buf [WireJson, Csr],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    deletion::fields(pair, world, found, Excuse::NameReserved);
}
