use super::deletion::{self, Excuse};
use crate::declare::rule;
use crate::found::Found;
use crate::model::Enum;
use crate::pair::{Pair, World};

rule! {
    /// The names of a deleted enum value are reserved.
    ///
    /// ```proto old
    /// enum E { option allow_alias = true; E_ZERO = 0; E_ONE = 1; E_UNO = 1; }
    /// message M { E e = 1; }
    /// ```
    /// ```proto breaks
    /// enum E { E_ZERO = 0; reserved "E_ONE"; }
    /// message M { E e = 1; }
    /// ```
    /// ```proto allowed
    /// enum E { E_ZERO = 0; reserved "E_ONE", "E_UNO"; }
    /// message M { E e = 1; }
    /// ```
    "ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED", Enum,
    buf [WireJson, Csr],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    deletion::values(pair, world, found, Excuse::NameReserved);
}
