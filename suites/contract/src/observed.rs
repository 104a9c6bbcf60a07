//! Findings out of a launch record.

use host::handshake::{Departure, go_compatible};
use host::{Arrival, LaunchRecord};
use prost::Message;
use terms::{Evidence, Finding, Judgement, Place, Trouble, Verdict};

/// Fails for every departure of these kinds, passes where a line arrived
/// without one, and cannot judge where there is no line.
pub(crate) fn line_lacks(record: &LaunchRecord, kinds: &[Departure], expected: &str) -> Judgement {
    if record.first_line().is_none() {
        return Ok(blocked_by("LIFE-002"));
    }
    if has_banner(record) {
        return Ok(blocked_by("LIFE-004"));
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

/// What is said where another breach took the ground away.
pub(crate) fn blocked_by(id: &str) -> Verdict {
    Verdict::Unknown {
        trouble: Trouble::BlockedBy { id: id.to_owned() },
    }
}

/// What is said where a promise is Aperio's alone, and the plugin is not.
pub(crate) fn not_aperios() -> Verdict {
    Verdict::not_claimed("the plugin keeps go-plugin's contract alone")
}

/// Whether the first line is no handshake while a later one is.
pub(crate) fn has_banner(record: &LaunchRecord) -> bool {
    record.line.is_none()
        && record
            .stdout_after
            .iter()
            .any(|line| go_compatible(line.as_bytes()).is_ok())
}

/// The plugin's last stderr lines as evidence.
pub(crate) fn stderr(record: &LaunchRecord) -> Evidence {
    let skip = record.stderr.len().saturating_sub(20);
    Evidence {
        stderr: record.stderr[skip..].to_vec(),
        ..Evidence::default()
    }
}

/// The reason of the status's `ErrorInfo`, where it carries one of the
/// interface's domain.
pub(crate) fn reason(status: &tonic::Status) -> Option<String> {
    let details = proto::google::rpc::Status::decode(status.details()).ok()?;
    details
        .details
        .iter()
        .filter(|any| any.type_url.ends_with("/google.rpc.ErrorInfo"))
        .filter_map(|any| proto::google::rpc::ErrorInfo::decode(any.value.as_slice()).ok())
        .find(|info| info.domain == proto::ERROR_DOMAIN)
        .map(|info| info.reason)
}

/// In a few words why a launch brought no session.
pub(crate) fn why_not_up(record: &LaunchRecord) -> String {
    match (&record.channel, &record.arrival) {
        (Some(Err(failure)), _) => failure.to_string(),
        (_, Arrival::NotStarted(failure)) => failure.to_string(),
        (_, Arrival::Exited { exit, .. }) => format!("{exit} before the line"),
        (_, Arrival::TimedOut { .. } | Arrival::ClosedStdout) => "no line".to_owned(),
        (_, Arrival::Line { .. }) => "no usable line".to_owned(),
    }
}
