//! Versions and identity (VER, ID).

use crate::declare::suite;

suite! {
    unknown_methods_are_unimplemented,
    describe_works_before_attach,
}
