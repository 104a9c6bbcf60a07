//! The gRPC transport (RPC).

use crate::declare::suite;

suite! {
    passed_deadline_ends_the_work,
    cancelled_stream_ends_the_work,
    idle_connections_stay_usable,
}
