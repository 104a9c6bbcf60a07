use super::flaws::judge_flaw;
use crate::declare::requirement;
use host::LaunchRecord;
use host::certificate::Flaw;
use terms::Judgement;

requirement! {
    /// The certificate names localhost.
    ///
    /// Hosts verify it under that name, and Go reads no common name.
    ///
    /// ## How it is judged
    ///
    /// `localhost` must be among the subject alternative names of field 6.
    ///
    /// ## Usual causes
    ///
    /// A common name alone; an address or a host name in place of `localhost`.
    "TLS-006", Must, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    judge_flaw(
        record,
        Flaw::NotLocalhost,
        "a subject alternative name `localhost`",
    )
}
