use super::flaws::judge_flaw;
use crate::declare::requirement;
use host::LaunchRecord;
use host::certificate::Flaw;
use terms::Judgement;

requirement! {
    /// The certificate may serve.
    ///
    /// Extended key usages, where they are named, include server authentication; a host calls the usage incompatible otherwise.
    ///
    /// ## How it is judged
    ///
    /// The extended key usages of field 6, where there are any, must include server authentication.
    ///
    /// ## Usual causes
    ///
    /// A certificate that was made for clients.
    "TLS-009", Must, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    judge_flaw(
        record,
        Flaw::MayNotServe,
        "server authentication, or no extended key usages",
    )
}
