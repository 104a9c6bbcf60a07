use super::deletion::{self, Excuse};
use crate::declare::rule;
use crate::found::Found;
use crate::model::Enum;
use crate::pair::{Pair, World};

rule! {
    /// A number of an enum keeps a value.
    ///
    /// An alias keeps it alive.
    ///
    /// ```proto old
    /// enum E { E_ZERO = 0; E_ONE = 1; }
    /// message M { E e = 1; }
    /// ```
    /// ```proto breaks
    /// enum E { E_ZERO = 0; }
    /// message M { E e = 1; }
    /// ```
    /// ```proto allowed
    /// enum E { E_ZERO = 0; E_TWO = 2; E_ONE = 1; }
    /// message M { E e = 1; }
    /// ```
    "ENUM_VALUE_NO_DELETE", Enum,
    buf [File, Package, Csr],
    judge
}

fn judge(pair: &Pair<Enum>, world: &World, found: &mut Found) {
    deletion::values(pair, world, found, Excuse::Nothing);
}
