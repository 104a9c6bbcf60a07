use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::observed::reason;
use host::call::code_name;
use host::{CallEnd, Session};
use proto::aperio::plugin::v1 as api;
use runner::Case;
use rustix::process::Signal;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};
use tonic::Code;

const CHECK_HEALTH: &str = "aperio.plugin.v1.PluginService/CheckHealth";
/// How long a signal may take to be noticed.
const NOTICED: Duration = Duration::from_secs(2);

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
        return Ok(Verdict::not_claimed(
            "the plugin keeps go-plugin's contract alone",
        ));
    }
    let mut session = case.launch(&case.base()).await?;
    let Some(held) = InFlight::hold(&mut session).await? else {
        session.stop().await;
        return Ok(Verdict::not_claimed(
            "the plugin holds no call without a provider",
        ));
    };
    session.process().signal(Signal::TERM);
    let mut findings = Vec::new();
    findings.extend(new_calls_are_refused(&mut session).await);
    match held.end(session.limits().drain).await {
        Some(CallEnd::Answer(()) | CallEnd::Refused(_)) => {}
        end => {
            let seen = end.map_or_else(|| "nothing".to_owned(), |end| end.to_string());
            findings.push(
                Finding::new("a call in flight was cut by SIGTERM")
                    .at(Place::Call {
                        method: host::session::ATTACH.to_owned(),
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

/// Asks until the plugin refuses or is gone; a plugin that is gone has
/// refused.
async fn new_calls_are_refused(session: &mut Session) -> Option<Finding> {
    let asked = Instant::now();
    let seen = loop {
        if session.exited().is_some() {
            return None;
        }
        let end: CallEnd<api::CheckHealthResponse> =
            session.call(CHECK_HEALTH, api::CheckHealthRequest {}).await;
        let seen = match end {
            CallEnd::Refused(status) => {
                let reason = reason(&status);
                if status.code() == Code::Unavailable && reason.as_deref() == Some("SHUTTING_DOWN")
                {
                    return None;
                }
                format!(
                    "{} with the reason {}",
                    code_name(status.code()),
                    reason.as_deref().unwrap_or("none")
                )
            }
            CallEnd::Answer(_) => "an answer".to_owned(),
            // The connection or the process is gone.
            _ => return None,
        };
        if asked.elapsed() > NOTICED {
            break seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
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
