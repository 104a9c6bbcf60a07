//! One idle process, and another whose host has hung up, watched once a run and
//! read by every check of what a plugin does when nothing is asked of it.

use host::process::Exit;
use host::tree::{self, ThreadTime};
use host::{CallEnd, Session};
use runner::Case;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use terms::{Evidence, Stopped};

/// What a plugin may still do after its start, or after its host has gone.
const SETTLES: Duration = Duration::from_secs(1);
/// How long a plugin is watched whose host has hung up.
const ALONE: Duration = Duration::from_secs(3);

/// What was seen of the idle process.
#[derive(Debug, Clone)]
pub(crate) struct Idle {
    /// How long it was watched.
    pub(crate) watched: Duration,
    /// How it ended, if it did.
    pub(crate) exit: Option<Exit>,
    /// Lines on stdout and stderr meanwhile.
    pub(crate) lines: u64,
    /// Bytes there and on the stdio stream meanwhile.
    pub(crate) bytes: u64,
    /// Processors it kept busy; none where the kernel does not tell.
    pub(crate) busy: Option<f64>,
    /// The same of the process whose host had hung up; none where it ended then.
    pub(crate) busy_alone: Option<f64>,
    /// A health call afterwards, by the connection it was made on.
    pub(crate) health: Vec<(&'static str, CallEnd<i32>)>,
    /// What was seen around it.
    pub(crate) evidence: Evidence,
}

/// The idle process of this run.
pub(crate) async fn idle(case: &Case) -> Result<Arc<Idle>, Stopped> {
    case.lend("idle process", async |case| {
        let (seen, busy_alone) = tokio::join!(watch(case), watch_alone(case));
        Ok(Idle {
            busy_alone: busy_alone?,
            ..seen?
        })
    })
    .await
}

async fn watch(case: &Case) -> Result<Idle, Stopped> {
    let mut session = case.launch(&case.base()).await?;
    let temp = session.record().temp.clone();
    // go-plugin's streams are open on the first connection; a further one
    // carries nothing at all.
    let further = match session.another_connection().await {
        Ok(caller) => caller.health("plugin").await.answer().map(|_| caller),
        Err(_) => None,
    };
    let limit = session.limits().idle;
    let mut exit = session.process().exited_within(SETTLES).await;
    let written = output(&mut session);
    let before = Times::of(&temp);
    if exit.is_none() {
        exit = session.process().exited_within(limit).await;
    }
    let after = Times::of(&temp);
    let now = output(&mut session);
    let mut seen = Idle {
        watched: after.at - before.at,
        exit,
        lines: now.0 - written.0,
        bytes: now.1 - written.1,
        busy: after.busy_since(&before),
        busy_alone: None,
        health: Vec::new(),
        evidence: session.evidence(),
    };
    if exit.is_some() {
        session.finish().await;
        return Ok(seen);
    }
    let end = session.health("plugin").await;
    seen.health.push(("the first connection", end));
    if let Some(further) = &further {
        let end = session.settle(further.health("plugin").await).await;
        seen.health.push(("a further connection", end));
    }
    seen.evidence = session.evidence();
    session.finish().await;
    Ok(seen)
}

/// Processors kept busy by a plugin whose host has hung up.
async fn watch_alone(case: &Case) -> Result<Option<f64>, Stopped> {
    let mut session = case.launch(&case.base()).await?;
    let temp = session.record().temp.clone();
    let mut start = session.hang_up();
    let mut busy = None;
    let mut gone = start.process().exited_within(SETTLES).await;
    let before = Times::of(&temp);
    if gone.is_none() {
        gone = start.process().exited_within(ALONE).await;
    }
    if gone.is_none() {
        busy = Times::of(&temp).busy_since(&before);
    }
    start.finish().await;
    Ok(busy)
}

/// Lines, and bytes, written so far.
fn output(session: &mut Session) -> (u64, u64) {
    let stdio = session.stdio().map_or(0, host::stdio::Stdio::byte_count);
    let lines = session.stdout().line_count() + session.stderr().line_count();
    let bytes = session.stdout().byte_count() + session.stderr().byte_count();
    (lines, bytes + stdio)
}

/// What the threads of a launch have had of the processors up to a moment.
struct Times {
    at: Instant,
    threads: BTreeMap<(i32, i32), ThreadTime>,
}

impl Times {
    fn of(temp: &Path) -> Self {
        let threads = tree::members(temp)
            .iter()
            .flat_map(|member| {
                let times = tree::thread_times(member.pid);
                times.into_iter().map(|(id, time)| ((member.pid, id), time))
            })
            .collect();
        Times {
            at: Instant::now(),
            threads,
        }
    }

    /// How many processors were kept busy since. Time in which a thread had to
    /// wait for one does not count, so a loaded machine hides no busy loop
    /// and makes none.
    fn busy_since(&self, before: &Times) -> Option<f64> {
        if self.threads.is_empty() {
            return None;
        }
        let elapsed = self.at - before.at;
        let share = |(id, now): (&(i32, i32), &ThreadTime)| {
            let then = before.threads.get(id).copied().unwrap_or_default();
            let ran = now.ran.saturating_sub(then.ran);
            let waited = now.waited.saturating_sub(then.waited);
            let free = elapsed.saturating_sub(waited).max(elapsed / 100);
            ran.as_secs_f64() / free.as_secs_f64()
        };
        Some(self.threads.iter().map(share).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(at: Instant, ran: u64, waited: u64) -> Times {
        let time = ThreadTime {
            ran: Duration::from_millis(ran),
            waited: Duration::from_millis(waited),
        };
        Times {
            at,
            threads: BTreeMap::from([((1, 1), time)]),
        }
    }

    #[test]
    fn a_starved_spinner_is_busy_and_a_starved_sleeper_is_not() {
        let began = Instant::now();
        let ended = began + Duration::from_secs(5);
        let before = times(began, 100, 100);
        let spinner = times(ended, 100 + 250, 100 + 4750);
        let sleeper = times(ended, 100 + 5, 100 + 800);
        assert!(spinner.busy_since(&before).unwrap() > 0.9);
        assert!(sleeper.busy_since(&before).unwrap() < 0.01);
    }
}
