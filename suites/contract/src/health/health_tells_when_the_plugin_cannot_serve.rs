use crate::declare::requirement;
use crate::drain::{Drain, drain};
use crate::in_flight::InFlight;
use crate::observed::blocked_by;
use host::call::HEALTH;
use host::{CallEnd, Session};
use runner::Case;
use rustix::process::Signal;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};

const SERVING: i32 = 1;
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
    ///
    /// ## Usual causes
    ///
    /// A status that is set once, at the start: set NOT_SERVING where draining begins.
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
    let verdict = match drain(&mut session).await {
        Drain::Refuses => follows(&mut session).await,
        Drain::Serves(_) => blocked_by("LIFE-007"),
        Drain::Gone => Verdict::not_claimed("the plugin ends before it refuses a call"),
    };
    drop(held);
    session.finish().await;
    Ok(verdict)
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
