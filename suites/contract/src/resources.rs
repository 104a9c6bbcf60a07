//! What is left behind (RES).

use crate::declare::suite;

mod children;
mod growth;
mod left;

suite! {
    children_get_no_launch_variables,
    sockets_are_removed_at_shutdown,
    no_temp_files_stay,
    idle_plugin_uses_no_cpu,
    descriptors_do_not_grow,
    threads_do_not_grow,
    memory_does_not_grow,
    children_stay_in_the_process_group,
    there_is_one_listener,
}
