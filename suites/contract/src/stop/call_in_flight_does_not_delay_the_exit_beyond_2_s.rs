use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::lifecycle::BUSY;
use crate::observed::blocked_by;
use host::session::SHUTDOWN;
use runner::Case;
use std::time::Instant;
use terms::{Finding, Judgement, Place, Verdict};

/// Launches that must all be late before a plugin is accused.
const TRIES: usize = 2;

requirement! {
    /// A call in flight does not delay the exit beyond 2 s.
    ///
    /// A go-plugin host kills 2 s after Shutdown, whatever the plugin is doing. What was going to take longer is killed in the middle of it.
    ///
    /// ## How it is judged
    ///
    /// Shutdown while a call is held: Attach, whose advertisement is withheld. The process must end within 2 s in one of two launches. A plugin that holds no call is not judged; one that stays longer than 10 s is told by LIFE-006. Time in which the process stood ready and no processor was free does not count.
    ///
    /// ## Usual causes
    ///
    /// A graceful stop without a deadline.
    "STOP-004", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let mut verdict = Verdict::Pass;
    for _ in 0..TRIES {
        let mut session = case.launch(&case.base()).await?;
        let Some(held) = InFlight::hold(&mut session).await? else {
            session.stop().await;
            return Ok(Verdict::not_claimed(
                "the plugin holds no call without a provider",
            ));
        };
        let asked = Instant::now();
        let in_time = session.shut_down().await.1.is_some();
        let limit = session.limits().exit;
        let exit = session
            .process()
            .exited_within(BUSY.saturating_sub(asked.elapsed()))
            .await;
        let took = asked.elapsed();
        verdict = match exit {
            Some(_) if in_time => Verdict::Pass,
            Some(_) => Verdict::fail(
                Finding::new("the exit waits for a call in flight")
                    .at(Place::Call {
                        method: SHUTDOWN.to_owned(),
                    })
                    .expected(format!(
                        "an exit within {} s of Shutdown",
                        limit.as_secs_f32()
                    ))
                    .actual(format!("an exit after {} ms", took.as_millis()))
                    .with(session.evidence()),
            ),
            None => blocked_by("LIFE-006"),
        };
        drop(held);
        session.finish().await;
        if !verdict.is_fail() {
            break;
        }
    }
    Ok(verdict)
}
