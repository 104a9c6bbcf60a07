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
                .hint(way_out(&failure.trouble))
                .with(stderr(record)),
        ),
        _ => Verdict::Pass,
    })
}

/// What to change.
fn way_out(trouble: &ExecTrouble) -> &'static str {
    match trouble {
        ExecTrouble::NotExecutable { .. } => {
            "chmod +x the file; on a file system mounted noexec, start a copy from elsewhere"
        }
        ExecTrouble::WrongFormat { .. } => {
            "build it for this platform (GOOS and GOARCH, --target), and name the program itself"
        }
        ExecTrouble::LoaderMissing { .. } => {
            "link it statically (CGO_ENABLED=0, a musl target), or install its loader"
        }
        ExecTrouble::InterpreterMissing {
            carriage_return: true,
            ..
        } => "save the file with LF line ends",
        ExecTrouble::InterpreterMissing { .. } => {
            "install the interpreter, or name in the first line one that is there"
        }
        ExecTrouble::NoInterpreter => "let the first line be #! and the path of an interpreter",
        ExecTrouble::Machine => "try again on a machine with free processes and memory",
    }
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
