//! Robustness and concurrency (ROB).

use crate::declare::suite;

suite! {
    fifty_starts_and_stops_succeed,
    unknown_metadata_is_ignored,
    stalled_client_holds_up_nobody,
    http2_abuse_does_not_end_the_process,
}
