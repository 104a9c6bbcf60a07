//! What a plugin uses after hundreds of calls: measured once a run, and read
//! by every check of growth.

use crate::operation::Operation;
use host::Launch;
use host::call::HEALTH;
use host::tree::{self, Usage};
use runner::Case;
use std::sync::Arc;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Stopped, Trouble, Verdict};

/// Calls before anything is measured: pools, caches and heaps fill.
const WARM_UP: usize = 200;
/// Calls of one round; a further one is made only while something has grown in
/// every window so far.
const ROUNDS: [usize; 3] = [500, 1000, 2000];
/// Windows of a round.
const WINDOWS: usize = 3;
/// An operation that takes longer is not made thousands of times; one that asks
/// a provider never is.
const QUICK: Duration = Duration::from_millis(100);
/// Calls by which that is told.
const TRIALS: u32 = 5;
/// How long all the calls may take.
const BUDGET: Duration = Duration::from_mins(2);
/// A leak must not run into the limit of descriptors before it is seen.
const OPEN_FILES: u64 = 4096;
/// Looks at one moment, of which the least counts.
const LOOKS: usize = 3;

/// What may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Descriptors,
    Threads,
    Memory,
}

impl Resource {
    const ALL: [Resource; 3] = [Resource::Descriptors, Resource::Threads, Resource::Memory];

    fn of(self, usage: &Usage) -> f64 {
        match self {
            Resource::Descriptors => count(usage.descriptors as u64),
            Resource::Threads => count(usage.threads),
            Resource::Memory => count(usage.resident_kib),
        }
    }

    /// Growth for each call below which nothing is suspected.
    fn noise(self) -> f64 {
        match self {
            Resource::Descriptors | Resource::Threads => 0.04,
            Resource::Memory => 2.0,
        }
    }

    fn unit(self) -> &'static str {
        match self {
            Resource::Descriptors => "descriptors",
            Resource::Threads => "threads",
            Resource::Memory => "KiB",
        }
    }
}

fn count(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The usage at the borders of the windows, round by round.
#[derive(Debug, Clone)]
pub(super) struct Growth {
    method: &'static str,
    rounds: Vec<Round>,
    /// Whether every call that was wanted was made in time.
    is_whole: bool,
}

#[derive(Debug, Clone)]
struct Round {
    calls: usize,
    borders: Vec<Usage>,
}

impl Round {
    /// Growth for each call, window by window.
    fn slopes(&self, resource: Resource) -> Vec<f64> {
        let calls = count((self.calls / WINDOWS) as u64);
        self.borders
            .windows(2)
            .map(|pair| (resource.of(&pair[1]) - resource.of(&pair[0])) / calls)
            .collect()
    }

    fn mean(&self, resource: Resource) -> f64 {
        let slopes = self.slopes(resource);
        slopes.iter().sum::<f64>() / count(slopes.len() as u64)
    }

    /// Whether every window grew.
    fn grew(&self, resource: Resource) -> bool {
        self.slopes(resource)
            .iter()
            .all(|&slope| slope >= resource.noise())
    }
}

impl Growth {
    /// Grown in every window of every round, and at the end not much slower
    /// than at the beginning: what fills up slows down.
    fn leaks(&self, resource: Resource) -> bool {
        let (Some(first), Some(last)) = (self.rounds.first(), self.rounds.last()) else {
            return false;
        };
        self.rounds.len() == ROUNDS.len()
            && self.rounds.iter().all(|round| round.grew(resource))
            && last.mean(resource) * 2.0 >= first.mean(resource)
    }
}

/// The verdict on one resource.
pub(super) async fn judge_growth(case: &Case, resource: Resource, what: &str) -> Judgement {
    let growth = growth(case).await?;
    if !growth.is_whole {
        return Ok(Verdict::vacuous(format!(
            "hundreds of calls of {} take longer than {} s",
            growth.method,
            BUDGET.as_secs()
        )));
    }
    if !growth.leaks(resource) {
        return Ok(Verdict::Pass);
    }
    let last = growth
        .rounds
        .last()
        .map_or(0.0, |round| round.mean(resource));
    let calls: usize = growth.rounds.iter().map(|round| round.calls).sum();
    Ok(Verdict::fail(
        Finding::new(format!("{what} grow with the number of calls"))
            .at(Place::Call {
                method: growth.method.to_owned(),
            })
            .expected("as many after a thousand calls as after a hundred")
            .actual(format!(
                "{last:.2} {} more for each call, and no end of it after {calls} calls",
                resource.unit()
            )),
    ))
}

async fn growth(case: &Case) -> Result<Arc<Growth>, Stopped> {
    case.lend("growth", async |case| {
        let launch = Launch {
            open_files: Some(OPEN_FILES),
            ..case.base()
        };
        let mut session = case.launch(&launch).await?;
        let mut operation = Operation::of(&mut session)
            .await?
            .filter(Operation::is_local);
        let began = Instant::now();
        for _ in 0..TRIALS {
            calls(&mut session, operation.as_ref(), 1).await?;
        }
        operation = operation.filter(|_| began.elapsed() / TRIALS < QUICK);
        let method = operation.as_ref().map_or(HEALTH, Operation::method);
        let temp = session.record().temp.clone();
        let address = session.line().address.clone();
        let server = tree::holder(&tree::members(&temp), &address)
            .unwrap_or_else(|| session.process().pid());
        let mut growth = Growth {
            method,
            rounds: Vec::new(),
            is_whole: true,
        };
        calls(&mut session, operation.as_ref(), WARM_UP).await?;
        for calls_of_round in ROUNDS {
            if began.elapsed() > BUDGET {
                growth.is_whole = false;
                break;
            }
            let mut borders = vec![usage(server).await?];
            for _ in 0..WINDOWS {
                calls(&mut session, operation.as_ref(), calls_of_round / WINDOWS).await?;
                borders.push(usage(server).await?);
            }
            let round = Round {
                calls: calls_of_round,
                borders,
            };
            let suspected = Resource::ALL.iter().any(|&resource| round.grew(resource));
            growth.rounds.push(round);
            if !suspected {
                break;
            }
        }
        session.stop().await;
        Ok(growth)
    })
    .await
}

async fn calls(
    session: &mut host::Session,
    operation: Option<&Operation>,
    calls: usize,
) -> Result<(), Stopped> {
    let caller = session.caller();
    for _ in 0..calls {
        let (method, end) = if let Some(operation) = operation {
            let end = operation.call(&caller).await;
            (operation.method(), session.settle(end).await)
        } else {
            let end = session.health("plugin").await.map(|_| ());
            (HEALTH, end)
        };
        let _ = session.replied(method, end)?;
    }
    Ok(())
}

/// What the process uses between two calls.
async fn usage(pid: i32) -> Result<Usage, Trouble> {
    let mut least: Option<Usage> = None;
    for _ in 0..LOOKS {
        tokio::time::sleep(Duration::from_millis(5)).await;
        let now = tree::usage(pid)
            .ok_or_else(|| Trouble::infrastructure("the process cannot be looked at"))?;
        let before = least.unwrap_or(now);
        least = Some(Usage {
            descriptors: now.descriptors.min(before.descriptors),
            threads: now.threads.min(before.threads),
            resident_kib: now.resident_kib.min(before.resident_kib),
        });
    }
    least.ok_or_else(|| Trouble::harness("nobody looked"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn growth(of: impl Fn(usize) -> u64) -> Growth {
        let (mut done, mut rounds) = (0, Vec::new());
        for calls in ROUNDS {
            let at = |done| Usage {
                resident_kib: of(done),
                ..Usage::default()
            };
            let mut borders = vec![at(done)];
            for _ in 0..WINDOWS {
                done += calls / WINDOWS;
                borders.push(at(done));
            }
            rounds.push(Round { calls, borders });
        }
        Growth {
            method: "m",
            rounds,
            is_whole: true,
        }
    }

    #[test]
    fn a_leak_is_told_from_what_fills_up() {
        let leaks = |of: &dyn Fn(usize) -> u64| growth(of).leaks(Resource::Memory);
        let calls = |calls: usize| u64::try_from(calls).unwrap_or(u64::MAX);
        assert!(leaks(&|done| 20_000 + 4 * calls(done)));
        // Nothing, a bounded cache, a heap that breathes, one step, a root.
        assert!(!leaks(&|_| 20_000));
        assert!(!leaks(&|done| 20_000 + 8 * calls(done).min(1500)));
        assert!(!leaks(&|done| 20_000 + 10 * (calls(done) % 700)));
        assert!(!leaks(&|done| if done > 900 { 40_000 } else { 20_000 }));
        assert!(!leaks(&|done| 20_000 + 300 * calls(done).isqrt()));
        // Below what is told from noise.
        assert!(!leaks(&|done| 20_000 + calls(done)));
    }
}
