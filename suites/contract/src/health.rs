//! Health (HLT).

use crate::declare::suite;

suite! {
    unknown_services_are_not_found,
    health_answers_within_1_s_under_load,
    health_tells_when_the_plugin_cannot_serve,
    watch_reports_and_stays_quiet,
    health_needs_no_metadata,
}
