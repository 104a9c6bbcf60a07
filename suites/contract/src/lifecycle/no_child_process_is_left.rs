use crate::declare::requirement;
use runner::Case;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// No child process is left behind.
    ///
    /// After exit no process started by the plugin lives, and nobody holds its pipes. A survivor that holds them hangs a go-plugin host.
    ///
    /// ## How it is judged
    ///
    /// A launch is stopped by the whole ladder; processes that bear the launch's mark or carry its TMPDIR, orphans that bear no mark of any launch, and pipes that are not at their end 1 s later, are survivors. A plugin that had to be killed could end nobody: that is LIFE-006's breach.
    ///
    /// ## Usual causes
    ///
    /// A helper that is started and not ended with the plugin: end it on Shutdown and on SIGTERM, and wait for it; a helper that becomes a daemon; a child that inherited stdout or stderr.
    "LIFE-012", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let session = case.launch(&case.base()).await?;
    let record = session.stop().await;
    if record.killed {
        return Ok(Verdict::vacuous("the plugin had to be killed"));
    }
    let mut findings: Vec<Finding> = record
        .aftermath
        .survivors
        .iter()
        .map(|member| {
            Finding::new(format!(
                "a process started by the plugin lives on: {}",
                member.name
            ))
            .expected("no process of the launch after its exit")
            .actual(member.command.clone())
        })
        .collect();
    if findings.is_empty() && record.aftermath.pipes_open {
        findings.push(
            Finding::new("stdout or stderr is still held open after the exit")
                .expected("both pipes at their end")
                .actual("one of them is open"),
        );
    }
    Ok(Verdict::of(findings))
}
