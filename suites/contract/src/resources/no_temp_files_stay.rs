use crate::declare::requirement;
use runner::Case;
use terms::{Finding, Judgement, Verdict};

/// Files named one by one.
const SHOWN: usize = 10;

requirement! {
    /// No temp files stay.
    ///
    /// What a plugin writes for itself it removes itself.
    ///
    /// ## How it is judged
    ///
    /// A launch is stopped; then its private directory, which is TMPDIR and socket directory in one, is listed. A plugin that had to be killed could not clean up: that is LIFE-006's breach.
    "RES-003", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let session = case.launch(&case.base()).await?;
    let record = session.stop().await;
    if record.killed {
        return Ok(Verdict::vacuous("the plugin had to be killed"));
    }
    let left = || {
        let files = record.aftermath.files.iter();
        files.filter(|file| Some(*file) != record.aftermath.socket.as_ref())
    };
    let mut findings: Vec<Finding> = left()
        .take(SHOWN)
        .map(|file| {
            Finding::new("a file is still there after the exit")
                .expected("an empty private directory")
                .actual(file.display().to_string())
        })
        .collect();
    let more = left().count().saturating_sub(SHOWN);
    if more > 0 {
        findings.push(
            Finding::new("many files are still there after the exit")
                .expected("an empty private directory")
                .actual(format!("{more} more")),
        );
    }
    Ok(Verdict::of(findings))
}
