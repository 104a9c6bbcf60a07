//! The gRPC transport (RPC).

use crate::declare::suite;

mod reflected;
mod replies;

suite! {
    plugin_speaks_http2,
    several_connections_are_served_and_again_after_one_closed,
    errors_are_grpc_status_with_http_200,
    requests_of_3_9_mib_are_accepted,
    message_over_the_limit_ends_the_call_not_the_connection,
    malformed_bytes_end_the_call_not_the_process,
    passed_deadline_ends_the_work,
    cancelled_stream_ends_the_work,
    idle_connections_stay_usable,
    any_authority_will_do,
    statuses_are_legal_on_the_wire,
    nothing_is_compressed_unasked,
    every_reply_carries_the_grpc_content_type,
    reflection_is_complete_where_offered,
    reflection_equals_the_published_interface,
}
