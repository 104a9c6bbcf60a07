//! Controller and shutdown (STOP).

use crate::declare::suite;

suite! {
    controller_is_there,
    idle_plugin_answers_shutdown_within_2_s,
    stdio_and_broker_streams_do_not_delay_the_exit,
    call_in_flight_does_not_delay_the_exit_beyond_2_s,
    second_stop_request_is_harmless,
    lost_output_readers_do_no_harm,
    plugin_ends_when_its_host_has_died,
    idle_plugin_stays,
    stopping_leaves_no_trace_of_a_crash,
}
