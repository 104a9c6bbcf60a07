use crate::declare::requirement;
use runner::Case;
use host::Session;
use host::process::Exit;
use rustix::process::Signal;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// A stop request ends the process cleanly.
    ///
    /// After go-plugin's Shutdown call or SIGTERM an idle plugin exits with code 0 within 2 s.
    ///
    /// ## How it is judged
    ///
    /// Two launches: one is stopped by Shutdown, one by SIGTERM. go-plugin's own contract promises nothing about SIGTERM, so that half is left out for plugins that are not Aperio's. The half about a busy plugin comes with the calls that keep one busy.
    ///
    /// ## Usual causes
    ///
    /// No SIGTERM handler; a server that waits for open streams before it ends.
    "LIFE-006", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut findings = Vec::new();
    let mut session = case.launch(&case.base()).await?;
    let (_, exit) = session.shut_down().await;
    findings.extend(verdict_on("Shutdown", exit.map(|(exit, _)| exit), &session));
    session.finish().await;
    if case.plugin().is_aperio() {
        let mut session = case.launch(&case.base()).await?;
        session.process().signal(Signal::TERM);
        let limit = session.limits().exit;
        let exit = session.process().exited_within(limit).await;
        findings.extend(verdict_on("SIGTERM", exit, &session));
        session.finish().await;
    }
    Ok(Verdict::of(findings))
}

fn verdict_on(request: &str, exit: Option<Exit>, session: &Session) -> Option<Finding> {
    let seen = match exit {
        Some(exit) if exit.is_clean() => return None,
        Some(exit) => exit.to_string(),
        None => "still running".to_owned(),
    };
    Some(
        Finding::new(format!("{request} did not end the idle plugin cleanly"))
            .expected(format!("exit code 0 within {} s", session.limits().exit.as_secs_f32()))
            .actual(seen)
            .with(session.evidence()),
    )
}
