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

/// Whose breach it is where no judge saw it. A plugin that is lost during a
/// call breaks the promise to serve from the line on.
pub const ROOTS: Roots = Roots {
    no_line: "LIFE-002",
    no_channel,
    crash: "LIFE-005",
    hang: "LIFE-005",
};

fn no_channel(step: Step) -> &'static str {
    match step {
        Step::Downgrade => "TLS-001",
        Step::Tls => "TLS-005",
        // Whatever keeps the first health call from being answered.
        Step::Address | Step::Connect | Step::Http => "LIFE-005",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_root_is_a_requirement() {
        let steps = [
            Step::Downgrade,
            Step::Address,
            Step::Connect,
            Step::Tls,
            Step::Http,
        ];
        let catalog = catalog();
        for id in steps
            .map(no_channel)
            .into_iter()
            .chain([ROOTS.no_line, ROOTS.crash, ROOTS.hang])
        {
            assert!(catalog.get(id).is_some(), "{id}");
        }
    }
}
