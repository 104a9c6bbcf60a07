use super::flaws::has_flaw;
use crate::declare::requirement;
use crate::observed::{blocked_by, stderr};
use host::LaunchRecord;
use host::certificate::Flaw;
use host::channel::Step;
use host::handshake::Departure;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// The presented certificate is the announced one.
    ///
    /// The host trusts exactly the certificate of field 6.
    ///
    /// ## How it is judged
    ///
    /// The TLS handshake of an AutoMTLS launch, with that certificate pinned and `localhost` as the name.
    ///
    /// ## Usual causes
    ///
    /// A certificate that is made twice, once for the line and once for the server; one that is made anew for each connection.
    "TLS-005", Must, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    Ok(match &record.channel {
        Some(Ok(_)) => Verdict::Pass,
        Some(Err(_)) if announces_none(record) => blocked_by("TLS-004"),
        // The handshake fails over the name, which is told by its own check.
        Some(Err(_)) if has_flaw(record, Flaw::NotLocalhost) => blocked_by("TLS-006"),
        Some(Err(failure)) if failure.exit.is_some() => blocked_by("LIFE-005"),
        Some(Err(failure)) if failure.step == Step::Tls => Verdict::fail(
            Finding::new("the TLS handshake with the announced certificate failed")
                .expected("a handshake with the certificate of field 6")
                .actual(failure.text.clone())
                .with(stderr(record)),
        ),
        Some(Err(_)) | None => blocked_by("LIFE-002"),
    })
}

fn announces_none(record: &LaunchRecord) -> bool {
    record
        .lints
        .iter()
        .any(|lint| lint.kind == Departure::CertificateContent)
}
