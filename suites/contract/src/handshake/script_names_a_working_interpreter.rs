use super::not_started::judge_start;
use crate::declare::requirement;
use host::LaunchRecord;
use host::process::ExecTrouble;
use terms::Judgement;

requirement! {
    /// A script names a working interpreter.
    ///
    /// The first line of a script names a program that is there, and ends with a newline alone.
    ///
    /// ## How it is judged
    ///
    /// The system's answer to the start of the process together with the first line of the file.
    ///
    /// ## Usual causes
    ///
    /// A file saved with CRLF line ends.
    "HSK-004", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    judge_start(
        record,
        "a first line that names an interpreter",
        |trouble| {
            matches!(
                trouble,
                ExecTrouble::InterpreterMissing { .. } | ExecTrouble::NoInterpreter
            )
        },
    )
}
