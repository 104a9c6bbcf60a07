use crate::declare::requirement;
use crate::drain::{Drain, drain};
use crate::in_flight::InFlight;
use crate::observed::not_aperios;
use host::session::{ATTACH, CHECK_HEALTH};
use host::{CallEnd, Session};
use runner::Case;
use rustix::process::Signal;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Draining finishes old calls and starts no write.
    ///
    /// While a plugin drains, new calls get UNAVAILABLE with the reason SHUTTING_DOWN; calls in flight end or get the same; no new provider write starts.
    ///
    /// ## How it is judged
    ///
    /// SIGTERM while a call is held: Attach, whose advertisement is withheld. From 2 s after the signal on, CheckHealth must be refused so, as long as the process lives; the held call must end with a reply. Writes to a provider are seen where one is doubled, not here. A plugin that holds no call is not judged.
    ///
    /// ## Usual causes
    ///
    /// No handler for SIGTERM; a server that is stopped hard.
    "LIFE-007", Must, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.plugin().is_aperio() {
        return Ok(not_aperios());
    }
    let mut session = case.launch(&case.base()).await?;
    let Some(held) = InFlight::hold(&mut session).await? else {
        session.stop().await;
        return Ok(Verdict::not_claimed(
            "the plugin holds no call without a provider",
        ));
    };
    session.process().signal(Signal::TERM);
    let mut findings = Vec::from_iter(new_calls_are_refused(&mut session).await);
    match held.end(session.limits().drain).await {
        Some(CallEnd::Answer(()) | CallEnd::Refused(_)) => {}
        end => {
            let seen = end.map_or_else(|| "nothing".to_owned(), |end| end.to_string());
            findings.push(
                Finding::new("a call in flight was cut by SIGTERM")
                    .at(Place::Call {
                        method: ATTACH.to_owned(),
                    })
                    .expected("an answer or a status")
                    .actual(seen)
                    .with(session.evidence()),
            );
        }
    }
    session.finish().await;
    Ok(Verdict::of(findings))
}

/// A plugin that is gone has refused.
async fn new_calls_are_refused(session: &mut Session) -> Option<Finding> {
    let Drain::Serves(seen) = drain(session).await else {
        return None;
    };
    Some(
        Finding::new("a new call was not refused while the plugin drained")
            .at(Place::Call {
                method: CHECK_HEALTH.to_owned(),
            })
            .expected("UNAVAILABLE with the reason SHUTTING_DOWN")
            .actual(seen)
            .with(session.evidence()),
    )
}
