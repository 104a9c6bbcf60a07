//! The gRPC transport (RPC).

use crate::declare::suite;

mod reflected;

suite! {
    passed_deadline_ends_the_work,
    cancelled_stream_ends_the_work,
    reflection_is_complete_where_offered,
    reflection_equals_the_published_interface,
}
