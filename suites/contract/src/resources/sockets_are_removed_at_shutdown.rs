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
    /// A launch is stopped; then its private directory, which is TMPDIR and socket directory in one, is listed. A plugin that had to be killed could not clean up: that is LIFE-006's breach.
    "RES-002", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let session = case.launch(&case.base()).await?;
    let record = session.stop().await;
    if record.killed {
        return Ok(Verdict::vacuous("the plugin had to be killed"));
    }
    let findings = record
        .aftermath
        .socket
        .iter()
        .map(|file| {
            Finding::new("the socket is still there after the exit")
                .expected("an empty private directory")
                .actual(file.display().to_string())
        })
        .collect();
    Ok(Verdict::of(findings))
}
