//! The broker (BRK).

use crate::declare::suite;
use host::Session;

mod dial_back;
mod multiplexed_dial;

pub(crate) use dial_back::attached;

/// Full name of the broker's method.
pub(crate) const START_STREAM: &str = "plugin.GRPCBroker/StartStream";

/// Whether the plugin keeps the broker stream open.
pub(crate) async fn has_stream(session: &mut Session) -> bool {
    match session.broker() {
        Some(broker) => broker.settled().await.is_open(),
        None => false,
    }
}

suite! {
    broker_service_is_there,
    broker_stream_lasts_until_shutdown,
    dial_back_uses_the_advertised_address,
    dial_back_uses_the_id_it_was_given,
    missing_advertisement_ends_in_an_error_within_10_s,
    advertisement_may_come_before_or_after_the_call,
    odd_advertisements_are_ignored,
    knock_without_multiplexing_does_no_harm,
    knocks_are_answered,
    one_stream_follows_one_knock,
    dial_back_presents_the_plugins_certificate,
    dial_back_verifies_the_host_as_localhost,
    callback_connections_are_reused_or_closed,
    failing_host_service_does_no_harm,
}
