use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::observed::blocked_by;
use host::process::Exit;
use host::{CallEnd, Session};
use runner::Case;
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
    /// Four launches: idle or with a call in flight (Attach, whose advertisement is withheld), each stopped by Shutdown and by SIGTERM. go-plugin's own contract promises nothing about SIGTERM, so those halves are left out for plugins that are not Aperio's, and the busy ones where no call can be held. A plugin without the controller is told by STOP-001, an idle one whose Shutdown neither ends nor ends it by STOP-002; their SIGTERM halves are judged here. Time in which the process stood ready and no processor was free does not count.
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
pub(crate) const BUSY: Duration = Duration::from_secs(10);

async fn judge(case: &mut Case) -> Judgement {
    let mut findings = Vec::new();
    let mut told_by = None;
    for request in [Request::Shutdown, Request::Sigterm] {
        if request == Request::Sigterm && !case.plugin().is_aperio() {
            continue;
        }
        let mut session = case.launch(&case.base()).await?;
        let limit = session.limits().exit;
        let end = stop(&mut session, request, limit).await;
        told_by = told_by.or(end.told_by());
        let idle = match end.told_by() {
            Some(_) => None,
            None => verdict_on(request, "idle", limit, &end, &session),
        };
        let goes_on = idle.is_none() && end.told_by().is_none();
        findings.extend(idle);
        session.finish().await;
        if !goes_on {
            continue;
        }
        let mut session = case.launch(&case.base()).await?;
        if let Some(held) = InFlight::hold(&mut session).await? {
            let end = stop(&mut session, request, BUSY).await;
            findings.extend(verdict_on(request, "busy", BUSY, &end, &session));
            drop(held);
        }
        session.finish().await;
    }
    match told_by {
        Some(id) if findings.is_empty() => Ok(blocked_by(id)),
        _ => Ok(Verdict::of(findings)),
    }
}

/// What a request to stop led to.
enum End {
    Exited(Exit),
    StillRunning,
    /// There is no controller to ask.
    NobodyAsked,
    /// Shutdown goes on, and so does the process.
    Unanswered,
}

impl End {
    /// Whose breach it is for an idle plugin where it is another's.
    fn told_by(&self) -> Option<&'static str> {
        match self {
            End::NobodyAsked => Some("STOP-001"),
            End::Unanswered => Some("STOP-002"),
            End::Exited(_) | End::StillRunning => None,
        }
    }
}

async fn stop(session: &mut Session, request: Request, limit: Duration) -> End {
    let exit = match request {
        Request::Shutdown => {
            let asked = Instant::now();
            let (end, exit) = session.shut_down().await;
            if exit.is_none() && end.code() == Some(tonic::Code::Unimplemented) {
                return End::NobodyAsked;
            }
            let left = limit.saturating_sub(asked.elapsed());
            let exit = match exit {
                Some(exit) => Some(exit),
                None => session.process().exited_in_own_time(left).await,
            };
            if exit.is_none() && matches!(end, CallEnd::Silent(_)) {
                return End::Unanswered;
            }
            exit
        }
        Request::Sigterm => {
            session.process().signal(Signal::TERM);
            session.process().exited_in_own_time(limit).await
        }
    };
    exit.map_or(End::StillRunning, End::Exited)
}

fn verdict_on(
    request: Request,
    plugin: &str,
    limit: Duration,
    end: &End,
    session: &Session,
) -> Option<Finding> {
    let seen = match end {
        End::NobodyAsked => return None,
        End::Exited(exit) if exit.is_clean() => return None,
        End::Exited(exit) => exit.to_string(),
        End::StillRunning | End::Unanswered => "still running".to_owned(),
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
