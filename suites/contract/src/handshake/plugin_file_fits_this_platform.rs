use super::not_started::judge_start;
use crate::declare::requirement;
use host::LaunchRecord;
use host::process::ExecTrouble;
use terms::Judgement;

requirement! {
    /// The plugin file fits this platform.
    ///
    /// It is built for this operating system and architecture.
    ///
    /// ## How it is judged
    ///
    /// The system's answer to the start of the process, and the first bytes of the file, which say what it was built for.
    ///
    /// ## Usual causes
    ///
    /// A build for the machine of the author: GOOS and GOARCH, or the target of the compiler.
    "HSK-002", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    judge_start(record, "a program of this platform", |trouble| {
        matches!(trouble, ExecTrouble::WrongFormat { .. })
    })
}
