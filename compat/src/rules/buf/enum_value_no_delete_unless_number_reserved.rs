use super::deletion::{self, Excuse};
use crate::declare::rule;
use crate::found::Found;
use crate::model::Enum;
use crate::pair::{Pair, World};

rule! {
    /// The number of a deleted enum value is reserved.
    ///
    /// ```proto old
    /// enum E { E_ZERO = 0; E_ONE = 1; }
    /// message M { E e = 1; }
    /// ```
    /// ```proto breaks
    /// enum E { E_ZERO = 0; reserved "E_ONE"; }
    /// message M { E e = 1; }
    /// ```
    /// ```proto allowed
    /// enum E { E_ZERO = 0; reserved 1; }
    /// message M { E e = 1; }
    /// ```
    "ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED", Enum,
    buf [WireJson, Wire, Csr],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    deletion::values(pair, world, found, Excuse::NumberReserved);
}
