//! What is left behind (RES).

use crate::declare::suite;

suite! {
    sockets_are_removed_at_shutdown,
    no_temp_files_stay,
    idle_plugin_uses_no_cpu,
}
