use super::not_started::{judge_start, library_missing};
use crate::declare::requirement;
use crate::observed::stderr;
use host::LaunchRecord;
use host::process::ExecTrouble;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// The plugin finds its loader and libraries.
    ///
    /// A dynamically linked program needs its loader and its libraries on every machine it is started on.
    ///
    /// ## How it is judged
    ///
    /// The system's answer to the start of the process together with the loader the file names; or an end with code 127 and the loader's words on stderr.
    ///
    /// ## Usual causes
    ///
    /// A binary built on a newer system; link statically, or ship what it needs.
    "HSK-003", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    if let Some(line) = library_missing(record) {
        return Ok(Verdict::fail(
            Finding::new("a shared library is missing")
                .expected("a program that finds its libraries")
                .actual(line)
                .with(stderr(record)),
        ));
    }
    judge_start(record, "a program whose loader is there", |trouble| {
        matches!(trouble, ExecTrouble::LoaderMissing { .. })
    })
}
