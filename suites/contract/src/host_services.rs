//! The host's services (HOST).

use crate::declare::suite;

suite! {
    attach_happens_once_and_opens_host_services,
}
