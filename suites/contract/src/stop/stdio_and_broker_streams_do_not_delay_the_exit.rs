use crate::broker::has_stream;
use crate::declare::requirement;
use crate::lifecycle::BUSY;
use crate::observed::blocked_by;
use host::Session;
use host::session::{SHUTDOWN, shutdown_call};
use runner::Case;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};

/// Launches that must all be late before a plugin is accused.
const TRIES: usize = 2;
/// How much later than without streams the exit must be, too.
const SLOWER: u32 = 3;

requirement! {
    /// Stdio and broker streams do not delay the exit.
    ///
    /// A host holds both streams open for as long as the plugin lives. A server that waits for open streams before it ends is killed at every stop.
    ///
    /// ## How it is judged
    ///
    /// Shutdown while both streams, or the one that is served, are open on the host's side: the process must end within 2 s in one of two launches. One that is late is compared with a launch whose streams were closed first, and is in breach where that one ends three times as soon; else LIFE-006 tells. Time in which the process stood ready and no processor was free does not count.
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
        let stdio = match session.stdio() {
            Some(stdio) => stdio.settled().await.is_open(),
            None => false,
        };
        let broker = has_stream(&mut session).await;
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
        let late = exit_after(session).await.unwrap_or(BUSY);
        if late <= limit {
            return Ok(Verdict::Pass);
        }
        let mut session = case.launch(&case.base()).await?;
        session.close_streams();
        let evidence = session.evidence();
        let freed = exit_after(session).await;
        verdict = match freed {
            Some(freed) if late > freed * SLOWER => Verdict::fail(
                Finding::new(format!("the exit waits for {open} of the host"))
                    .at(Place::Call {
                        method: SHUTDOWN.to_owned(),
                    })
                    .expected(format!(
                        "an exit within {} s of Shutdown",
                        limit.as_secs_f32()
                    ))
                    .actual(format!(
                        "{} ms with open streams, {} ms without",
                        late.as_millis(),
                        freed.as_millis()
                    ))
                    .with(evidence),
            ),
            _ => blocked_by("LIFE-006"),
        };
        if !verdict.is_fail() {
            break;
        }
    }
    Ok(verdict)
}

/// Time from Shutdown to the exit, waited for at most [`BUSY`], without that in
/// which the process stood ready and no processor was free.
async fn exit_after(mut session: Session) -> Option<Duration> {
    let (asked, queued) = (Instant::now(), session.process().queued());
    shutdown_call(&session.caller(), session.limits().shutdown).await;
    let left = BUSY.saturating_sub(asked.elapsed());
    let exit = session.process().exited_within(left).await;
    let queued = session.process().queued().saturating_sub(queued);
    let after = asked.elapsed().saturating_sub(queued);
    session.finish().await;
    exit.map(|_| after)
}
