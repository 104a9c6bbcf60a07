//! AutoMTLS (TLS) and who may connect (SEC-005).

use crate::declare::suite;

suite! {
    auto_mtls_is_never_answered_in_plain_text,
    field_six_is_unpadded_standard_base64,
    field_six_is_one_certificate_in_der,
    there_is_no_tls_unless_asked_for,
    p521_host_is_accepted,
    presented_certificate_is_the_announced_one,
    listener_is_local_and_private,
}
