use super::left::left;
use crate::declare::requirement;
use runner::Case;
use std::collections::BTreeSet;
use std::path::PathBuf;
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
    /// In each mode a launch that has done some light operations is stopped; then its private directory, which is TMPDIR and socket directory in one, is listed. A plugin that had to be killed could not clean up: that is LIFE-006's breach.
    ///
    /// ## Usual causes
    ///
    /// A temporary file that is removed where the process ends by itself and not where it is told to; a certificate that was written for a library.
    "RES-003", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let left = left(case).await?;
    if left.is_empty() {
        return Ok(Verdict::vacuous(
            "no launch ended when it was told to, and before it was killed",
        ));
    }
    let files: BTreeSet<&PathBuf> = left.iter().flat_map(|one| &one.files).collect();
    let mut findings: Vec<Finding> = files
        .iter()
        .take(SHOWN)
        .map(|file| {
            Finding::new("a file is still there after the exit")
                .expected("an empty private directory")
                .actual(file.display().to_string())
        })
        .collect();
    let more = files.len().saturating_sub(SHOWN);
    if more > 0 {
        findings.push(
            Finding::new("many files are still there after the exit")
                .expected("an empty private directory")
                .actual(format!("{more} more")),
        );
    }
    let most = left.iter().map(|one| one.bytes >> 20).max().unwrap_or(0);
    if most > 0 {
        findings.push(
            Finding::new("what is left fills the disk")
                .expected("an empty private directory")
                .actual(format!("{most} MiB of one launch")),
        );
    }
    Ok(Verdict::of(findings))
}
