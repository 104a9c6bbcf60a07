use super::flaws::judge_flaw;
use crate::declare::requirement;
use host::LaunchRecord;
use host::certificate::Flaw;
use terms::Judgement;

requirement! {
    /// The certificate is valid now.
    ///
    /// A host refuses one that has expired, or begins later.
    ///
    /// ## How it is judged
    ///
    /// The time at which the line came, by the clock of this machine, must lie within the validity of field 6. Where it does not, go-plugin's host would end the handshake, so nobody dials.
    ///
    /// ## Usual causes
    ///
    /// A beginning in local time that is written as UTC; a certificate that came with the binary, or lies in a file, and has expired: make one at every start.
    "TLS-007", Must, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    judge_flaw(record, Flaw::NotValidNow, "a validity that holds now")
}
