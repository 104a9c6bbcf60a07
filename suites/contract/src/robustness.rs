//! Robustness and concurrency (ROB).

use crate::declare::suite;

suite! {
    fifty_starts_and_stops_succeed,
}
