use super::flaws::judge_flaw;
use crate::declare::requirement;
use host::LaunchRecord;
use host::certificate::Flaw;
use terms::Judgement;

requirement! {
    /// The certificate's validity has margin.
    ///
    /// A certificate that begins now is refused by a host whose clock is seconds behind; one that ends soon ends a plugin that runs for weeks.
    ///
    /// ## How it is judged
    ///
    /// By the clock of this machine the validity of field 6 must have begun at least 5 s before the line came, and last 30 days more.
    ///
    /// ## Usual causes
    ///
    /// A beginning that is the moment of its making: set it back by 30 s; a validity of minutes, or of a day.
    "TLS-008", Should, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    judge_flaw(
        record,
        Flaw::NarrowValidity,
        "a beginning at least 5 s ago, and 30 days left",
    )
}
