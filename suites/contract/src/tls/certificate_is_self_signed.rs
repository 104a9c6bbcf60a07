use super::flaws::judge_flaw;
use crate::declare::requirement;
use host::LaunchRecord;
use host::certificate::Flaw;
use terms::Judgement;

requirement! {
    /// The certificate is self-signed.
    ///
    /// The host gets one certificate and nothing to build a chain of.
    ///
    /// ## How it is judged
    ///
    /// Issuer and subject of field 6 must be the same name.
    ///
    /// ## Usual causes
    ///
    /// A certificate that a small authority of the plugin's own has signed.
    "TLS-011", Should, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    judge_flaw(record, Flaw::NotSelfSigned, "an issuer that is the subject")
}
