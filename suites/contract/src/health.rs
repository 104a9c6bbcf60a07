//! Health (HLT).

use crate::declare::suite;

suite! {
    unknown_services_are_not_found,
    health_needs_no_metadata,
}
