use super::not_started::judge_start;
use crate::declare::requirement;
use host::LaunchRecord;
use host::process::ExecTrouble;
use terms::Judgement;

requirement! {
    /// The plugin file is executable.
    ///
    /// Its mode allows execution, on a file system that allows it too.
    ///
    /// ## How it is judged
    ///
    /// The system's answer to the start of the process: it must not be that execution is not permitted.
    ///
    /// ## Usual causes
    ///
    /// A build step, an archive or a copy that lost the mode; a file system that is mounted noexec.
    "HSK-001", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    judge_start(record, "a file with execute permission", |trouble| {
        matches!(trouble, ExecTrouble::NotExecutable { .. })
    })
}
