use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::observed::{blocked_by, reason};
use host::{CallEnd, Session};
use proto::aperio::plugin::v1 as api;
use runner::Case;
use rustix::process::Signal;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};
use tonic::Code;

const CHECK_HEALTH: &str = "aperio.plugin.v1.PluginService/CheckHealth";
const HEALTH: &str = "grpc.health.v1.Health/Check";
const SERVING: i32 = 1;
/// How long a signal may take to be noticed.
const NOTICED: Duration = Duration::from_secs(2);
/// How long health may trail the first refusal.
const FOLLOWS: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_millis(50);

requirement! {
    /// Health tells when the plugin cannot serve.
    ///
    /// A plugin that refuses calls does not report SERVING: a host that believes it sends it work that is lost.
    ///
    /// ## How it is judged
    ///
    /// SIGTERM while a call is held: Attach, whose advertisement is withheld. Once CheckHealth is refused with SHUTTING_DOWN, health of `plugin` must be something else than SERVING within 2 s, as long as the process lives. A plugin that holds no call, or ends before it refuses one, is not judged; neither is one that keeps go-plugin's contract alone, which promises no drain. A plugin that lost what it needs in another way cannot be made from outside.
    "HLT-003", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.plugin().is_aperio() {
        return Ok(Verdict::not_claimed("go-plugin's contract knows no drain"));
    }
    let mut session = case.launch(&case.base()).await?;
    let Some(held) = InFlight::hold(&mut session).await? else {
        session.stop().await;
        return Ok(Verdict::not_claimed(
            "the plugin holds no call without a provider",
        ));
    };
    session.process().signal(Signal::TERM);
    let verdict = match drains(&mut session).await {
        Drain::Refuses => follows(&mut session).await,
        Drain::Serves => blocked_by("LIFE-007"),
        Drain::Ended => Verdict::not_claimed("the plugin ends before it refuses a call"),
    };
    drop(held);
    session.finish().await;
    Ok(verdict)
}

enum Drain {
    Refuses,
    Serves,
    Ended,
}

async fn drains(session: &mut Session) -> Drain {
    let asked = Instant::now();
    while session.exited().is_none() {
        let end: CallEnd<api::CheckHealthResponse> =
            session.call(CHECK_HEALTH, api::CheckHealthRequest {}).await;
        match end {
            CallEnd::Refused(status)
                if status.code() == Code::Unavailable
                    && reason(&status).as_deref() == Some("SHUTTING_DOWN") =>
            {
                return Drain::Refuses;
            }
            CallEnd::Answer(_) | CallEnd::Refused(_) if asked.elapsed() < NOTICED => {}
            CallEnd::Answer(_) | CallEnd::Refused(_) => return Drain::Serves,
            _ => return Drain::Ended,
        }
        tokio::time::sleep(AGAIN).await;
    }
    Drain::Ended
}

async fn follows(session: &mut Session) -> Verdict {
    let refused = Instant::now();
    loop {
        match session.health("plugin").await {
            CallEnd::Answer(SERVING) => {}
            CallEnd::Answer(_) | CallEnd::Refused(_) => return Verdict::Pass,
            _ => return Verdict::not_claimed("the plugin ends right after it refused a call"),
        }
        if refused.elapsed() > FOLLOWS {
            return Verdict::fail(
                Finding::new("health is SERVING while calls are refused")
                    .at(Place::Call {
                        method: HEALTH.to_owned(),
                    })
                    .expected("NOT_SERVING, or a refusal")
                    .actual("SERVING, 2 s after the first refused call")
                    .with(session.evidence()),
            );
        }
        tokio::time::sleep(AGAIN).await;
    }
}
