use crate::declare::requirement;
use crate::observed::blocked_by;
use host::broker::BrokerState;
use host::session::{SHUTDOWN, shutdown_call};
use host::stdio::{Stdio, StdioState};
use runner::Case;
use std::time::Instant;
use terms::{Finding, Judgement, Place, Verdict};

/// Launches that must all be late before a plugin is accused.
const TRIES: usize = 3;

requirement! {
    /// Stdio and broker streams do not delay the exit.
    ///
    /// A host holds both streams open for as long as the plugin lives. A server that waits for open streams before it ends is killed at every stop.
    ///
    /// ## How it is judged
    ///
    /// Shutdown while both streams, or the one that is served, are open on the host's side: the process must end within 2 s in one of three launches. One that does not, and ends as soon as the streams are closed, is in breach; one that stays all the same is told by LIFE-006.
    ///
    /// ## Usual causes
    ///
    /// A graceful stop of the server, which waits for every call; `GracefulStop` in place of `Stop`.
    "STOP-003", Must, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let mut verdict = Verdict::Pass;
    for _ in 0..TRIES {
        let mut session = case.launch(&case.base()).await?;
        // A missing service has refused its stream before this is answered.
        session.health("plugin").await;
        let stdio = matches!(session.stdio().map(Stdio::state), Some(StdioState::Open));
        let broker = session
            .broker()
            .is_some_and(|broker| matches!(broker.state(), BrokerState::Open));
        let open = match (stdio, broker) {
            (true, true) => "both streams",
            (true, false) => "the stdio stream",
            (false, true) => "the broker stream",
            (false, false) => {
                session.stop().await;
                return Ok(Verdict::not_claimed("the plugin serves neither stream"));
            }
        };
        let limit = session.limits().exit;
        let asked = Instant::now();
        shutdown_call(&session.caller(), session.limits().shutdown).await;
        let left = limit.saturating_sub(asked.elapsed());
        if session.process().exited_within(left).await.is_some() {
            session.finish().await;
            return Ok(Verdict::Pass);
        }
        session.close_streams();
        let freed = session.process().exited_within(limit).await.is_some();
        verdict = if freed {
            Verdict::fail(
                Finding::new(format!("the exit waits for {open} of the host"))
                    .at(Place::Call { method: SHUTDOWN.to_owned() })
                    .expected(format!("an exit within {} s of Shutdown", limit.as_secs_f32()))
                    .actual("an exit once the host had closed its streams")
                    .with(session.evidence()),
            )
        } else {
            blocked_by("LIFE-006")
        };
        session.finish().await;
    }
    Ok(verdict)
}
