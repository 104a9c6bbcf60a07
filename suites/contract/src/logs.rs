//! Stdio and logs (LOG).

use crate::declare::suite;

suite! {
    stdio_service_is_there,
    stdout_is_silent_after_the_line,
    hclog_fields_are_strings,
    idle_plugin_is_quiet,
}
