//! The broker (BRK).

use crate::declare::suite;

suite! {
    broker_service_is_there,
}
