use super::left::left;
use crate::declare::requirement;
use runner::Case;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// Sockets are removed at shutdown.
    ///
    /// Sockets that stay fill the temp directory, start by start.
    ///
    /// ## How it is judged
    ///
    /// In each mode a launch that has done some light operations is stopped; then its private directory, which is TMPDIR and socket directory in one, is listed. A plugin that had to be killed could not clean up: that is LIFE-006's breach.
    ///
    /// ## Usual causes
    ///
    /// A stop by exit that skips what removes the socket; a server that does not remove what it bound.
    "RES-002", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let left = left(case).await?;
    if left.is_empty() {
        return Ok(Verdict::vacuous(
            "no launch ended when it was told to, and before it was killed",
        ));
    }
    let findings = left
        .iter()
        .filter_map(|one| one.socket.as_ref())
        .take(1)
        .map(|file| {
            Finding::new("the socket is still there after the exit")
                .expected("an empty private directory")
                .actual(file.display().to_string())
        })
        .collect();
    Ok(Verdict::of(findings))
}
