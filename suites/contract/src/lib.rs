//! What we ask of a plugin: one file, one promise.
//!
//! Each area is a folder. A requirement's doc comment is its normative text;
//! `spec`, `explain` and every report are projections of it.

mod broker;
mod declare;
mod handshake;
mod health;
mod lifecycle;
mod logs;
mod observed;
mod resources;
mod stop;
mod tls;
mod versions;

use host::channel::Step;
use runner::{Check, Roots};
use terms::Catalog;

/// Every check, area by area.
pub fn checks() -> Vec<&'static Check> {
    [
        lifecycle::CHECKS,
        handshake::CHECKS,
        tls::CHECKS,
        versions::CHECKS,
        health::CHECKS,
        stop::CHECKS,
        logs::CHECKS,
        broker::CHECKS,
        resources::CHECKS,
    ]
    .concat()
}

/// Every requirement, sorted by id.
pub fn catalog() -> Catalog {
    Catalog::new(checks().into_iter().map(|check| &check.requirement))
}

/// Whose breach it is where no judge saw it.
pub const ROOTS: Roots = Roots {
    no_line: "LIFE-002",
    no_channel,
    crash: "LIFE-013",
    hang: "LIFE-010",
};

fn no_channel(step: Step) -> &'static str {
    match step {
        Step::Downgrade => "TLS-001",
        Step::Address | Step::Connect => "HSK-017",
        Step::Tls => "TLS-005",
        Step::Http => "RPC-001",
    }
}
