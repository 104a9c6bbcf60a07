//! Findings out of a launch record.

use host::LaunchRecord;
use host::handshake::Departure;
use terms::{Evidence, Finding, Judgement, Place, Verdict};

/// Fails for every departure of these kinds, passes where a line arrived
/// without one, and cannot judge where there is no line.
pub(crate) fn line_lacks(record: &LaunchRecord, kinds: &[Departure], expected: &str) -> Judgement {
    if record.first_line().is_none() {
        return Ok(no_line());
    }
    let findings = record
        .lints
        .iter()
        .filter(|lint| kinds.contains(&lint.kind))
        .map(|lint| {
            Finding::new(lint.text.clone())
                .at(Place::Handshake { field: lint.field })
                .expected(expected)
                .actual(lint.seen.clone())
                .with(stderr(record))
        })
        .collect();
    Ok(Verdict::of(findings))
}

/// What is said where there is no line to judge.
pub(crate) fn no_line() -> Verdict {
    Verdict::Unknown {
        trouble: terms::Trouble::BlockedBy {
            id: "LIFE-002".to_owned(),
        },
    }
}

/// The plugin's last stderr lines as evidence.
pub(crate) fn stderr(record: &LaunchRecord) -> Evidence {
    let skip = record.stderr.len().saturating_sub(20);
    Evidence {
        stderr: record.stderr[skip..].to_vec(),
        ..Evidence::default()
    }
}
