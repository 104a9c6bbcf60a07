use crate::declare::requirement;
use host::session::CHECK_HEALTH;
use host::tree;
use host::{Arrival, CallEnd, LaunchRecord, Session};
use proto::aperio::plugin::v1 as api;
use proto::aperio::plugin::v1::check_health_response::Status as Readiness;
use runner::Case;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Stopped, Verdict};

/// From Attach to readiness.
const READY: Duration = Duration::from_secs(30);
/// Starts of which the fastest counts.
const STARTS: usize = 3;
const AGAIN: Duration = Duration::from_millis(100);

requirement! {
    /// The plugin is ready soon after start.
    ///
    /// The handshake line comes within 5 s of the start, and CheckHealth says STATUS_READY within 30 s of Attach.
    ///
    /// ## How it is judged
    ///
    /// The fastest of up to three launches counts for the line, without the time it was kept waiting for a processor. For Aperio's plugins the last of them is attached, and CheckHealth asked until it is ready; others promise the line alone.
    ///
    /// ## Usual causes
    ///
    /// Imports, downloads or migrations before the line; a connection to a provider that is waited for.
    "LIFE-011", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let mut fastest = Duration::MAX;
    let limit = case.limits().line;
    let mut session = case.launch(&case.base()).await?;
    for number in 1.. {
        let waited = tree::thread_times(session.process().pid())
            .values()
            .map(|time| time.waited)
            .max();
        let after = line_after(session.record());
        fastest = fastest.min(after.saturating_sub(waited.unwrap_or_default()));
        if fastest <= limit || number == STARTS {
            break;
        }
        session.stop().await;
        session = case.launch(&case.base()).await?;
    }
    let mut findings = Vec::new();
    if fastest > limit {
        findings.push(
            Finding::new("the handshake line comes late")
                .at(Place::Handshake { field: 0 })
                .expected(format!(
                    "a line within {} s of the start",
                    limit.as_secs_f32()
                ))
                .actual(format!(
                    "the fastest of {STARTS} after {} ms",
                    fastest.as_millis()
                ))
                .with(session.evidence()),
        );
    }
    if session.plugin().is_aperio() {
        // Who refuses Attach is told elsewhere; readiness counts from then.
        let host = session.attach().await?.ok();
        if host.is_some() {
            findings.extend(unready(&mut session).await?);
        } else if findings.is_empty() {
            session.stop().await;
            return Ok(Verdict::vacuous("the plugin refused Attach"));
        }
    }
    session.stop().await;
    Ok(Verdict::of(findings))
}

fn line_after(record: &LaunchRecord) -> Duration {
    match &record.arrival {
        Arrival::Line { after, .. } => *after,
        _ => Duration::MAX,
    }
}

async fn unready(session: &mut Session) -> Result<Option<Finding>, Stopped> {
    let attached = Instant::now();
    let said = loop {
        let end: CallEnd<api::CheckHealthResponse> =
            session.call(CHECK_HEALTH, api::CheckHealthRequest {}).await;
        let said = match session.replied(CHECK_HEALTH, end)? {
            Ok(response) if response.status() == Readiness::Ready => return Ok(None),
            Ok(response) => response.status().as_str_name().to_owned(),
            Err(status) => CallEnd::<()>::Refused(status).to_string(),
        };
        if attached.elapsed() > READY {
            break said;
        }
        tokio::time::sleep(AGAIN).await;
    };
    Ok(Some(
        Finding::new("the plugin does not become ready")
            .at(Place::Call {
                method: CHECK_HEALTH.to_owned(),
            })
            .expected("STATUS_READY within 30 s of Attach")
            .actual(said)
            .with(session.evidence()),
    ))
}
