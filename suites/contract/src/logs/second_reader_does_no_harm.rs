use super::STREAM_STDIO;
use crate::declare::requirement;
use crate::observed::blocked_by;
use host::StreamState;
use host::stdio::Stdio;
use runner::Case;
use std::time::Duration;
use terms::{Finding, Judgement, Place, Verdict};

/// How long an exit may trail the second reader.
const SETTLE: Duration = Duration::from_millis(100);

requirement! {
    /// A second reader does no harm.
    ///
    /// A host opens StreamStdio once. A tool that opens it again may get nothing, or a part, or a refusal; the plugin goes on.
    ///
    /// ## How it is judged
    ///
    /// At the end of one launch StreamStdio is opened a second time; the process must live and answer health as before.
    ///
    /// ## Usual causes
    ///
    /// A handler that is written to run once: the second run closes or registers something a second time, or takes the last thread of a small pool. Refuse it with a status, or let it wait like the first.
    "LOG-004", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    session.health("plugin").await;
    let first = match session.stdio() {
        Some(stdio) => Some(stdio.settled().await),
        None => None,
    };
    let without = match first {
        Some(StreamState::Open) => None,
        Some(state) if state.is_missing() => {
            Some(Verdict::not_claimed("the plugin serves no stdio"))
        }
        _ => Some(blocked_by("LOG-002")),
    };
    if let Some(verdict) = without {
        session.stop().await;
        return Ok(verdict);
    }
    let second = Stdio::open(session.caller().channel());
    // Calls of one connection reach the plugin in their order.
    let mut healthy = true;
    for _ in 0..2 {
        healthy &= session.is_as_healthy().await;
    }
    session.process().exited_within(SETTLE).await;
    let seen = match session.exited() {
        Some(exit) => Some(format!("the process ended: {exit}")),
        None if !healthy => Some("health does not answer as before".to_owned()),
        None => None,
    };
    drop(second);
    let verdict = match seen {
        None => Verdict::Pass,
        Some(seen) => Verdict::fail(
            Finding::new("a second StreamStdio does harm")
                .at(Place::Call {
                    method: STREAM_STDIO.to_owned(),
                })
                .expected("any answer, and a plugin that goes on")
                .actual(seen)
                .with(session.evidence()),
        ),
    };
    session.stop().await;
    Ok(verdict)
}
