use super::deletion::{self, Excuse};
use crate::declare::rule;
use crate::found::Found;
use crate::model::Message;
use crate::pair::{Pair, World};

rule! {
    /// The number of a deleted field is reserved.
    ///
    /// ```proto old
    /// message M { int32 a = 1; int32 b = 2; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; }
    /// ```
    /// ```proto breaks
    /// message M { int32 a = 1; reserved "b"; }
    /// ```
    /// ```proto allowed
    /// message M { int32 a = 1; reserved 2 to 4; }
    /// ```
    "FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED", Message,
    buf [WireJson, Wire, Csr],
    judge
}

fn judge(pair: &Pair<Message>, world: &World, found: &mut Found) {
    deletion::fields(pair, world, found, Excuse::NumberReserved);
}
