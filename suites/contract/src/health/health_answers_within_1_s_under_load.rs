use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::operation::Operation;
use host::call::HEALTH;
use host::{CallEnd, Session};
use runner::Case;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Lost, Place, Verdict};
use tokio::task::JoinSet;

/// Checks that are measured at a time.
const CHECKS: usize = 100;
/// One is sent so often, whether the last one was answered or not.
const EVERY: Duration = Duration::from_millis(20);
/// Calls side by side that make the load, each again and again.
const LOAD: usize = 16;
/// Pause of each of them, so that our own end is not what is measured.
const BETWEEN_CALLS: Duration = Duration::from_millis(5);
const LIMIT: Duration = Duration::from_secs(1);
/// Measurements that must all be bad before a plugin is accused.
const TRIES: usize = 3;
/// How much slower than without load the answers must be, too.
const SLOWER: u32 = 10;

requirement! {
    /// Health answers within 1 s under load.
    ///
    /// 99 of 100 health checks are answered within a second, also under load and during a long call. A host that gets no heartbeat kills the plugin and everything in flight.
    ///
    /// ## How it is judged
    ///
    /// 100 checks, one every 20 ms, first alone, then while 16 light operations run side by side and one call waits (Attach, whose advertisement is withheld); plugins whose operation asks a provider, and those that are not Aperio's, are loaded with health calls. The second slowest must be answered within 1 s in one of three tries. On a machine that is slow without load, too, nothing is judged.
    ///
    /// ## Usual causes
    ///
    /// One worker for all calls; a handler that computes in the event loop or holds the interpreter's lock.
    "HLT-002", Must, since "1.0", waits long
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let operation = Operation::of(&mut session)
        .await?
        .filter(Operation::is_local);
    let mut alone = second_slowest(&mut session).await?;
    let mut loaded = Duration::ZERO;
    for _ in 0..TRIES {
        let held = InFlight::hold(&mut session).await?;
        let load = load(&session, operation.as_ref());
        loaded = second_slowest(&mut session).await?;
        drop(load);
        if loaded < LIMIT {
            session.finish().await;
            return Ok(Verdict::Pass);
        }
        if let Some(held) = held {
            held.end(session.limits().advertise * 2).await;
        }
        alone = alone.min(second_slowest(&mut session).await?);
    }
    let numbers = format!(
        "{} ms without load, {} ms with it",
        alone.as_millis(),
        loaded.as_millis()
    );
    let verdict = if loaded < alone * SLOWER {
        Verdict::vacuous(format!("the machine is too busy: {numbers}"))
    } else {
        Verdict::fail(
            Finding::new("health is answered late while the plugin works")
                .at(Place::Call {
                    method: HEALTH.to_owned(),
                })
                .expected("99 of 100 answers within 1 s")
                .actual(format!("the second slowest of {CHECKS}: {numbers}"))
                .with(session.evidence()),
        )
    };
    session.finish().await;
    Ok(verdict)
}

/// Latency of the second slowest of [`CHECKS`] health checks.
async fn second_slowest(session: &mut Session) -> Result<Duration, Lost> {
    let mut calls = JoinSet::new();
    for _ in 0..CHECKS {
        let caller = session.caller();
        calls.spawn(async move {
            let asked = Instant::now();
            let end = caller.health("plugin").await;
            (end, asked.elapsed())
        });
        tokio::time::sleep(EVERY).await;
    }
    let mut latencies = Vec::with_capacity(CHECKS);
    while let Some(call) = calls.join_next().await {
        let Ok((end, latency)) = call else { continue };
        if matches!(end, CallEnd::Broken(_) | CallEnd::Died(_)) {
            let end = session.settle(end).await;
            let _ = session.replied(HEALTH, end)?;
        }
        latencies.push(latency);
    }
    latencies.sort();
    Ok(latencies.iter().rev().nth(1).copied().unwrap_or_default())
}

/// Calls that go on until the set is dropped.
fn load(session: &Session, operation: Option<&Operation>) -> JoinSet<()> {
    let mut load = JoinSet::new();
    for _ in 0..LOAD {
        let (caller, operation) = (session.caller(), operation.cloned());
        load.spawn(async move {
            loop {
                match &operation {
                    Some(operation) => drop(operation.call(&caller).await),
                    None => drop(caller.health("plugin").await),
                }
                tokio::time::sleep(BETWEEN_CALLS).await;
            }
        });
    }
    load
}
