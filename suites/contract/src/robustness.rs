//! Robustness and concurrency (ROB).

use crate::declare::suite;

suite! {
    fifty_starts_and_stops_succeed,
    parallel_calls_answer_like_serial_ones,
    locale_time_zone_and_umask_change_nothing,
    sixty_four_descriptors_are_enough,
    unknown_metadata_is_ignored,
    stalled_client_holds_up_nobody,
    http2_abuse_does_not_end_the_process,
}
