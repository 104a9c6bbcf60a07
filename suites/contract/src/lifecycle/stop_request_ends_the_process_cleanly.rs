use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::observed::blocked_by;
use runner::Case;
use host::Session;
use host::process::Exit;
use rustix::process::Signal;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// A stop request ends the process cleanly.
    ///
    /// After go-plugin's Shutdown call or SIGTERM an idle plugin exits with code 0 within 2 s, a busy one within 10 s.
    ///
    /// ## How it is judged
    ///
    /// Four launches: idle or with a call in flight (Attach, whose advertisement is withheld), each stopped by Shutdown and by SIGTERM. go-plugin's own contract promises nothing about SIGTERM, so those halves are left out for plugins that are not Aperio's, and the busy ones where no call can be held. A plugin without the controller is told by STOP-001, and its SIGTERM halves are judged here.
    ///
    /// ## Usual causes
    ///
    /// No SIGTERM handler; a server that waits for open streams before it ends.
    "LIFE-006", Must, since "1.0", waits
}

/// How a plugin is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Shutdown,
    Sigterm,
}

/// How long a busy plugin may take.
const BUSY: Duration = Duration::from_secs(10);

async fn judge(case: &mut Case) -> Judgement {
    let mut findings = Vec::new();
    let mut has_controller = true;
    for request in [Request::Shutdown, Request::Sigterm] {
        if request == Request::Sigterm && !case.plugin().is_aperio() {
            continue;
        }
        let mut session = case.launch(&case.base()).await?;
        let limit = session.limits().exit;
        let Some(exit) = stop(&mut session, request, limit).await else {
            has_controller = false;
            session.finish().await;
            continue;
        };
        let idle = verdict_on(request, "idle", limit, exit, &session);
        let broken = idle.is_some();
        findings.extend(idle);
        session.finish().await;
        if broken {
            continue;
        }
        let mut session = case.launch(&case.base()).await?;
        if let Some(held) = InFlight::hold(&mut session).await? {
            if let Some(exit) = stop(&mut session, request, BUSY).await {
                findings.extend(verdict_on(request, "busy", BUSY, exit, &session));
            }
            drop(held);
        }
        session.finish().await;
    }
    if findings.is_empty() && !has_controller {
        return Ok(blocked_by("STOP-001"));
    }
    Ok(Verdict::of(findings))
}

/// How the process ended, if it did; none where nobody is there to be asked.
async fn stop(session: &mut Session, request: Request, limit: Duration) -> Option<Option<Exit>> {
    match request {
        Request::Shutdown => {
            let asked = Instant::now();
            let (end, exit) = session.shut_down().await;
            if let Some((exit, _)) = exit {
                return Some(Some(exit));
            }
            if end.code() == Some(tonic::Code::Unimplemented) {
                return None;
            }
            let left = limit.saturating_sub(asked.elapsed());
            Some(session.process().exited_within(left).await)
        }
        Request::Sigterm => {
            session.process().signal(Signal::TERM);
            Some(session.process().exited_within(limit).await)
        }
    }
}

fn verdict_on(
    request: Request,
    plugin: &str,
    limit: Duration,
    exit: Option<Exit>,
    session: &Session,
) -> Option<Finding> {
    let seen = match exit {
        Some(exit) if exit.is_clean() => return None,
        Some(exit) => exit.to_string(),
        None => "still running".to_owned(),
    };
    let request = match request {
        Request::Shutdown => "Shutdown",
        Request::Sigterm => "SIGTERM",
    };
    Some(
        Finding::new(format!("{request} did not end the {plugin} plugin cleanly"))
            .expected(format!("exit code 0 within {} s", limit.as_secs_f32()))
            .actual(seen)
            .with(session.evidence()),
    )
}
