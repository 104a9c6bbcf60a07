use crate::declare::requirement;
use crate::observed::stderr;
use host::launch::CookieOffer;
use host::process::Exit;
use host::{Launch, Limits, Start, tree};
use runner::Case;
use std::time::Duration;
use terms::{Finding, Judgement, Verdict};

/// How often the limit goes by, on a machine that is busy, before a process that
/// runs on is given up.
const PATIENCE: u32 = 5;
const AGAIN: Duration = Duration::from_millis(50);

requirement! {
    /// Without the magic cookie nothing is served.
    ///
    /// Started without the cookie: a short notice on stderr, exit non-zero, no line, no listener.
    ///
    /// ## How it is judged
    ///
    /// One launch without the cookie variable: within 5 s, without the time it was kept waiting for a processor, the process must end with a code other than 0 and something on stderr, without a handshake line, and without a socket that listens.
    ///
    /// ## Usual causes
    ///
    /// A main function that serves at once; go-plugin's `plugin.Serve` compares the cookie, by hand it has to be done before anything else.
    "LIFE-001", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let limit = Duration::from_secs(5);
    let launch = Launch {
        cookie: CookieOffer::Unset,
        limits: Some(Limits {
            start: limit,
            ..case.limits().clone()
        }),
        ..case.base()
    };
    let mut start = case.start(&launch).await?;
    let listening = start.is_listening();
    let exit = ended(&mut start, limit).await;
    start.stderr().ended_within(case.limits().early_exit).await;
    let record = start.record().clone();
    start.finish().await;
    let mut findings = Vec::new();
    if record.line.is_some() {
        findings.push(Finding::new(
            "the handshake line was printed without the cookie",
        ));
    }
    if listening {
        findings.push(Finding::new(
            "a socket listens although the cookie is missing",
        ));
    }
    match exit {
        None => findings.push(Finding::new("the process goes on without the cookie")),
        Some(exit) if exit.is_clean() => {
            findings.push(Finding::new(
                "the process ended with code 0 without the cookie",
            ));
        }
        Some(_) if record.stderr.is_empty() => {
            findings.push(Finding::new("nothing on stderr says what the file is"));
        }
        Some(_) => {}
    }
    Ok(Verdict::of(
        findings
            .into_iter()
            .map(|finding| {
                finding
                    .expected("a notice on stderr, a code other than 0, no line, no listener")
                    .with(stderr(&record))
            })
            .collect(),
    ))
}

/// How the process ended within the limit, counted from its start. What it was
/// kept waiting for a processor comes on top.
async fn ended(start: &mut Start, limit: Duration) -> Option<Exit> {
    let started = start.process().started();
    let temp = start.record().temp.clone();
    loop {
        let waited = tree::members(&temp)
            .iter()
            .flat_map(|member| tree::thread_times(member.pid).into_values())
            .map(|time| time.waited)
            .max()
            .unwrap_or_default();
        let most = (limit + waited).min(limit * PATIENCE);
        let left = most.saturating_sub(started.elapsed());
        if left.is_zero() {
            return start.process().exited();
        }
        let exit = start.process().exited_within(left.max(AGAIN)).await;
        if exit.is_some() {
            return exit;
        }
    }
}
