//! Health (HLT).

use crate::declare::suite;

suite! {
    unknown_services_are_not_found,
}
