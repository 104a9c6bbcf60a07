//! What we ask of a plugin: one file, one promise.
//!
//! Each area is a folder. A requirement's doc comment is its normative text;
//! `spec`, `explain` and every report are projections of it.

mod broker;
mod declare;
mod drain;
mod fifty_launches;
mod handshake;
mod health;
mod health_call;
mod host_services;
mod idle;
mod in_flight;
mod lifecycle;
mod logs;
mod multiplexed;
mod observed;
mod operation;
mod resources;
mod robustness;
mod stop;
mod tls;
mod transport;
mod versions;

use host::channel::{ChannelFailure, Step};
use runner::{Check, Roots};
use terms::Catalog;

/// Every check, area by area.
pub fn checks() -> Vec<&'static Check> {
    [
        lifecycle::CHECKS,
        handshake::CHECKS,
        tls::CHECKS,
        transport::CHECKS,
        versions::CHECKS,
        health::CHECKS,
        stop::CHECKS,
        logs::CHECKS,
        broker::CHECKS,
        host_services::CHECKS,
        resources::CHECKS,
        robustness::CHECKS,
    ]
    .concat()
}

/// Every requirement, sorted by id.
pub fn catalog() -> Catalog {
    Catalog::new(checks().into_iter().map(|check| &check.requirement))
}

/// Whose breach it is where no judge saw it: a call that ends the process is
/// more than a call that fails, and one that never ends waits for another.
pub const ROOTS: Roots = Roots {
    no_line: "LIFE-002",
    no_channel,
    crash: "LIFE-013",
    hang: "LIFE-010",
    diagnoses: &["ROB-002", "SEC-009"],
};

fn no_channel(failure: &ChannelFailure) -> &'static str {
    match failure.step {
        Step::Downgrade => "TLS-001",
        Step::Unannounced => "TLS-002",
        Step::Certificate => "TLS-007",
        // A process that ends is not one that speaks TLS badly.
        Step::Tls | Step::Refused if failure.exit.is_some() => "LIFE-005",
        Step::Unmultiplexed => "HSK-025",
        Step::Multiplex => "HSK-026",
        Step::Tls => "TLS-005",
        Step::Refused => "TLS-014",
        Step::Address => "HSK-018",
        Step::Early => "HSK-016",
        Step::Connect => "HSK-017",
        Step::Stranger => "HSK-007",
        Step::Preface => "RPC-001",
        // Whatever keeps the first health call from being answered.
        Step::Http | Step::Silent => "LIFE-005",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::channel::Came;
    use host::process::Exit;

    #[test]
    fn every_root_is_a_requirement() {
        let catalog = catalog();
        let mut ids = vec![ROOTS.no_line, ROOTS.crash, ROOTS.hang];
        for step in Step::ALL {
            ids.push(no_channel(&failed(step, None)));
        }
        for id in ids {
            assert!(catalog.get(id).is_some(), "{id}");
        }
    }

    fn failed(step: Step, exit: Option<Exit>) -> ChannelFailure {
        ChannelFailure {
            step,
            text: String::new(),
            exit,
            came: Came::default(),
        }
    }

    #[test]
    fn a_refused_host_is_told_from_a_process_that_ended() {
        let ended = Exit {
            code: Some(2),
            signal: None,
            after: std::time::Duration::ZERO,
        };
        for (step, exit, id) in [
            (Step::Refused, None, "TLS-014"),
            (Step::Refused, Some(ended), "LIFE-005"),
            (Step::Tls, None, "TLS-005"),
            (Step::Tls, Some(ended), "LIFE-005"),
            (Step::Http, None, "LIFE-005"),
        ] {
            assert_eq!(no_channel(&failed(step, exit)), id, "{step:?}");
        }
    }
}
