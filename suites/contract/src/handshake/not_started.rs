//! Findings out of a file that did not start.

use crate::observed::stderr;
use host::process::ExecTrouble;
use host::{Arrival, LaunchRecord};
use terms::{Finding, Judgement, Verdict};

/// Fails where the file did not start for such a reason.
pub(super) fn judge_start(
    record: &LaunchRecord,
    expected: &str,
    is_breach: impl Fn(&ExecTrouble) -> bool,
) -> Judgement {
    Ok(match &record.arrival {
        Arrival::NotStarted(failure) if is_breach(&failure.trouble) => Verdict::fail(
            Finding::new(failure.to_string())
                .expected(expected)
                .actual(failure.error.clone())
                .with(stderr(record)),
        ),
        _ => Verdict::Pass,
    })
}

/// What the loader said of a library that is missing.
pub(crate) fn library_missing(record: &LaunchRecord) -> Option<String> {
    match &record.arrival {
        Arrival::Exited { exit, .. } if exit.code == Some(127) => record
            .stderr
            .iter()
            .find(|line| line.contains("error while loading shared libraries"))
            .cloned(),
        _ => None,
    }
}
