//! AutoMTLS (TLS) and who may connect (SEC-005).

use crate::declare::suite;

mod announced;
mod flaws;
mod served;

suite! {
    auto_mtls_is_never_answered_in_plain_text,
    tls_server_announces_its_certificate,
    field_six_is_unpadded_standard_base64,
    field_six_is_one_certificate_in_der,
    there_is_no_tls_unless_asked_for,
    p521_host_is_accepted,
    presented_certificate_is_the_announced_one,
    certificate_names_localhost,
    certificate_is_valid_now,
    certificates_validity_has_margin,
    certificate_may_serve,
    certificate_may_dial_back,
    certificate_is_self_signed,
    certificates_key_is_sound,
    every_launch_has_a_new_key,
    host_certificates_are_accepted_with_and_without_ca_flag,
    tls_1_3_is_offered,
    alpn_selects_h2,
    plugin_client_cert_is_read_as_pem_text,
    pem_variants_are_read,
    unreadable_plugin_client_cert_opens_nothing,
    no_private_key_stays_on_disk,
    brokered_listeners_use_the_same_tls,
    listener_is_local_and_private,
}
