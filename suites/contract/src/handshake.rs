//! Launch and handshake line (HSK), and the environment of both (SEC-009).

use crate::declare::suite;

mod not_started;
mod ports;
mod socket_mode;

pub(crate) use not_started::library_missing;

suite! {
    plugin_file_is_executable,
    plugin_file_fits_this_platform,
    plugin_finds_its_loader_and_libraries,
    script_names_a_working_interpreter,
    wrong_cookie_is_refused_like_a_missing_one,
    nothing_waits_for_stdin,
    started_process_itself_serves,
    several_instances_run_at_once,
    line_ends_with_a_newline,
    line_has_five_or_six_fields,
    core_protocol_is_one,
    application_version_is_a_decimal,
    without_an_offer_the_lowest_major_is_announced,
    network_is_unix_or_tcp,
    listener_accepts_before_the_line_is_printed,
    announced_address_is_exactly_reachable,
    socket_path_is_absolute_and_short,
    sockets_live_in_plugin_unix_socket_dir,
    under_tls_nobody_else_opens_the_socket,
    without_tls_nobody_else_opens_the_socket,
    tcp_ports_stay_in_the_given_range,
    busy_port_is_passed_over,
    there_is_no_seventh_field_unless_asked_for,
    multiplexing_is_supported_when_asked_for,
    promised_multiplexing_is_spoken,
    seventh_field_is_a_boolean,
    line_is_at_most_4_kib,
    fields_hold_no_blanks,
    launches_differ_only_in_address_and_certificate,
    bare_environment_is_enough,
}
