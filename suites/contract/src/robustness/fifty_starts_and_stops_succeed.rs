use crate::declare::requirement;
use crate::fifty_launches::{Life, fifty_launches};
use crate::observed::{blocked_by, stderr, why_not_up};
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Fifty starts and stops succeed.
    ///
    /// What fails one start in fifty fails every day.
    ///
    /// ## How it is judged
    ///
    /// Fifty launches, each stopped by Shutdown after its first health answer, must come up and end with code 0; whether a stop succeeds is asked, not how soon. Where none comes up, or none ends cleanly, the reason is told elsewhere.
    ///
    /// ## Usual causes
    ///
    /// A race between the listener and the line, or between the answer to Shutdown and the exit; a port or a name taken by chance.
    "ROB-002", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let lives = fifty_launches(case).await?;
    let down: Vec<&Life> = lives.iter().filter(|life| !life.came_up()).collect();
    if down.len() == lives.len() {
        return Ok(blocked_by(
            case.failed(case.base().mode()).unwrap_or("LIFE-002"),
        ));
    }
    let mut findings = Vec::new();
    if let Some(first) = down.first() {
        findings.push(
            Finding::new("some starts fail")
                .at(Place::Process)
                .expected(format!("a channel in each of {} launches", lives.len()))
                .actual(format!(
                    "{} failed; one so: {}",
                    down.len(),
                    why_not_up(&first.record)
                ))
                .with(stderr(&first.record)),
        );
    }
    let clean = |life: &&Life| life.exit.is_some_and(|exit| exit.is_clean());
    let stopped = lives.iter().filter(|life| life.came_up());
    let (ended, unclean): (Vec<&Life>, Vec<&Life>) = stopped.partition(clean);
    // A plugin that never ends cleanly is told by LIFE-006.
    if let Some(first) = unclean.first().filter(|_| !ended.is_empty()) {
        let how = first
            .exit
            .map_or("not at all".to_owned(), |exit| exit.to_string());
        findings.push(
            Finding::new("some stops fail")
                .at(Place::Process)
                .expected("exit code 0 after each Shutdown")
                .actual(format!("{} ended otherwise; one so: {how}", unclean.len()))
                .with(stderr(&first.record)),
        );
    }
    Ok(Verdict::of(findings))
}
