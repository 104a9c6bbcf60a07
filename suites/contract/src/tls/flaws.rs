//! Findings out of the announced certificate.

use crate::observed::{blocked_by, stderr};
use host::LaunchRecord;
use host::certificate::{Flaw, Spotted, flaws};
use terms::{Finding, Judgement, Place, Verdict};

/// Fails where the announced certificate had this flaw when it was announced.
pub(super) fn judge_flaw(record: &LaunchRecord, flaw: Flaw, expected: &str) -> Judgement {
    let Some(spotted) = spotted(record) else {
        return Ok(blocked_by("TLS-001"));
    };
    let findings = spotted
        .into_iter()
        .filter(|spotted| spotted.flaw == flaw)
        .map(|spotted| {
            Finding::new(spotted.text)
                .at(Place::Handshake { field: 6 })
                .expected(expected)
                .actual(spotted.seen)
                .with(stderr(record))
        })
        .collect();
    Ok(Verdict::of(findings))
}

/// Whether the announced certificate has this flaw.
pub(super) fn has_flaw(record: &LaunchRecord, flaw: Flaw) -> bool {
    spotted(record)
        .into_iter()
        .flatten()
        .any(|spotted| spotted.flaw == flaw)
}

fn spotted(record: &LaunchRecord) -> Option<Vec<Spotted>> {
    let der = record.line.as_ref()?.certificate.as_ref()?;
    Some(flaws(der, record.arrived))
}
