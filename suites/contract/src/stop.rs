//! Controller and shutdown (STOP).

use crate::declare::suite;

suite! {
    controller_is_there,
    idle_plugin_answers_shutdown_within_2_s,
}
