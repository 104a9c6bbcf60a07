//! Stdio and logs (LOG).

use crate::declare::suite;

mod output;

/// Full name of the stdio service's method.
const STREAM_STDIO: &str = "plugin.GRPCStdio/StreamStdio";

suite! {
    stdio_service_is_there,
    stdio_stream_lasts_until_shutdown,
    chunks_are_labelled_and_small,
    second_reader_does_no_harm,
    calls_finish_while_nobody_reads_stdio,
    stdout_is_silent_after_the_line,
    no_stdout_line_reaches_64_kib,
    hclog_fields_are_strings,
    idle_plugin_is_quiet,
    timestamps_have_six_fractional_digits,
    levels_are_known_and_messages_present,
    lines_are_structured_or_levelled,
    lines_stay_below_64_kib,
    log_text_is_clean,
    log_text_does_not_imitate_a_crash,
}
