//! Launch and handshake line (HSK).

use crate::declare::suite;

suite! {
    line_ends_with_a_newline,
    line_has_five_or_six_fields,
    core_protocol_is_one,
    application_version_is_a_decimal,
    network_is_unix_or_tcp,
    socket_path_is_absolute_and_short,
    there_is_no_seventh_field_unless_asked_for,
    seventh_field_is_a_boolean,
    line_is_at_most_4_kib,
    fields_hold_no_blanks,
    under_tls_nobody_else_opens_the_socket,
    without_tls_nobody_else_opens_the_socket,
}
