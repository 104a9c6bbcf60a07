use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::observed::blocked_by;
use host::Session;
use host::process::Exit;
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
pub(crate) const BUSY: Duration = Duration::from_secs(10);

async fn judge(case: &mut Case) -> Judgement {
    let mut findings = Vec::new();
    let mut has_controller = true;
    for request in [Request::Shutdown, Request::Sigterm] {
        if request == Request::Sigterm && !case.plugin().is_aperio() {
            continue;
        }
        let mut session = case.launch(&case.base()).await?;
        let limit = session.limits().exit;
        let end = stop(&mut session, request, limit).await;
        has_controller &= !matches!(end, End::NobodyAsked);
        let idle = verdict_on(request, "idle", limit, &end, &session);
        let goes_on = idle.is_none() && !matches!(end, End::NobodyAsked);
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
    if findings.is_empty() && !has_controller {
        return Ok(blocked_by("STOP-001"));
    }
    Ok(Verdict::of(findings))
}

/// What a request to stop led to.
enum End {
    Exited(Exit),
    StillRunning,
    /// There is no controller to ask.
    NobodyAsked,
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
            match exit {
                Some(exit) => Some(exit),
                None => session.process().exited_within(left).await,
            }
        }
        Request::Sigterm => {
            session.process().signal(Signal::TERM);
            session.process().exited_within(limit).await
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
        End::StillRunning => "still running".to_owned(),
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
