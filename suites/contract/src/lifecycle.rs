//! The process from start to end (LIFE).

use crate::declare::suite;

suite! {
    first_stdout_line_is_the_handshake,
    stdout_stays_clean_before_the_line,
    nothing_is_served_without_the_cookie,
    highest_common_major_is_announced,
    health_is_serving_from_the_line_on,
    stop_request_ends_the_process_cleanly,
    interrupt_is_ignored,
    no_child_process_is_left,
}
