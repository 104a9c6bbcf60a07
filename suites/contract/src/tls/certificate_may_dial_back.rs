use super::flaws::judge_flaw;
use crate::declare::requirement;
use host::LaunchRecord;
use host::certificate::Flaw;
use terms::Judgement;

requirement! {
    /// The certificate may dial back.
    ///
    /// The plugin presents the same certificate as a client when it dials its host's services.
    ///
    /// ## How it is judged
    ///
    /// The extended key usages of field 6, where there are any, must include client authentication.
    ///
    /// ## Usual causes
    ///
    /// Server authentication alone, as most examples have it.
    "TLS-010", Should, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    judge_flaw(
        record,
        Flaw::MayNotDial,
        "client authentication, or no extended key usages",
    )
}
