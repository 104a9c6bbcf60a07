//! The process from start to end (LIFE).

use crate::declare::suite;

pub(crate) use stop_request_ends_the_process_cleanly::BUSY;

suite! {
    first_stdout_line_is_the_handshake,
    stdout_stays_clean_before_the_line,
    nothing_is_served_without_the_cookie,
    highest_common_major_is_announced,
    health_is_serving_from_the_line_on,
    stop_request_ends_the_process_cleanly,
    draining_finishes_old_calls_and_starts_no_write,
    interrupt_is_ignored,
    killed_plugin_starts_again_as_if_new,
    parallel_calls_and_streams_do_not_deadlock,
    no_child_process_is_left,
    panic_ends_the_call_not_the_process,
    plugin_is_ready_soon_after_start,
}
