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
    /// A launch is stopped by the whole ladder; processes whose environment carries the launch's TMPDIR, and pipes that are not at their end 1 s later, are survivors.
    "LIFE-012", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let session = case.launch(&case.base()).await?;
    let record = session.stop().await;
    let mut findings: Vec<Finding> = record
        .aftermath
        .survivors
        .iter()
        .filter(|_| !record.killed)
        .map(|member| {
            Finding::new(format!(
                "a process started by the plugin lives on: {}",
                member.name
            ))
            .expected("no process of the launch after its exit")
            .actual(member.command.clone())
        })
        .collect();
    if findings.is_empty() && record.aftermath.pipes_open && !record.killed {
        findings.push(
            Finding::new("stdout or stderr is still held open after the exit")
                .expected("both pipes at their end"),
        );
    }
    Ok(Verdict::of(findings))
}
