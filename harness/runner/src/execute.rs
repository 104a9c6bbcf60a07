//! From checks to results: two shared launches, then the cases that start
//! processes of their own, then a lone second try of what failed.

use crate::case::{Case, not_up};
use crate::check::{Check, Judge, Pace, Roots};
use crate::loans::Loans;
use host::{Launch, Limits, Mode, Plugin};
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use terms::{Finding, Judged, Level, Manner, Overlay, SkipReason, Stopped, Trouble, Verdict};

mod reattached;

/// What is run, and how.
#[derive(Debug, Clone)]
pub struct Selection {
    /// The plugin under test.
    pub plugin: Arc<Plugin>,
    /// Bounds of every launch.
    pub limits: Limits,
    /// Cases that run side by side.
    pub jobs: usize,
    /// Whether failures are tried once more, alone.
    pub solo_rerun: bool,
    /// Set from outside to end the run early.
    pub interrupted: Arc<AtomicBool>,
}

/// What happens while a run goes on.
#[derive(Debug, Clone)]
pub enum Event {
    /// A check is about to be judged.
    Started {
        /// Its id.
        id: &'static str,
    },
    /// A check was judged.
    Finished {
        /// Its id.
        id: &'static str,
    },
}

/// Longest life of one case; a judge bounds its calls, so that only a fault of
/// ours reaches it.
const CASE_LIMIT: Duration = Duration::from_mins(3);

/// Judges the checks and returns one result for each, sorted by id.
///
/// A breach that no check of the selection is about is reported under its root
/// all the same, taken from `all`.
pub fn run(
    all: &[&'static Check],
    selected: &[&'static Check],
    roots: &Roots,
    selection: &Selection,
    events: &Sender<Event>,
) -> Vec<Judged> {
    if let Some(running) = &selection.plugin.running {
        return reattached::run(all, selected, roots, selection, running, events);
    }
    let mut judged = pass(all, selected, roots, selection, events);
    if selection.solo_rerun && !selection.interrupted.load(Ordering::Relaxed) {
        for result in &mut judged {
            if !result.verdict.is_fail() {
                continue;
            }
            let check: Vec<&'static Check> = all
                .iter()
                .filter(|check| check.requirement.id == result.id)
                .copied()
                .collect();
            let alone = Selection {
                jobs: 1,
                ..selection.clone()
            };
            let again = pass(all, &check, roots, &alone, events);
            let passed = again
                .iter()
                .any(|other| other.id == result.id && other.verdict == Verdict::Pass);
            if passed {
                result.overlay = Some(Overlay::Flaky);
            }
        }
    }
    judged
}

fn pass(
    all: &[&'static Check],
    selected: &[&'static Check],
    roots: &Roots,
    selection: &Selection,
    events: &Sender<Event>,
) -> Vec<Judged> {
    let mut board = Board::default();
    let modes: &[Mode] = if selection.plugin.auto_mtls {
        &[Mode::Plain, Mode::AutoMtls]
    } else {
        &[Mode::Plain]
    };
    let mut base = None;
    let mut failed = BTreeMap::new();
    for &mode in modes {
        let outcome = in_case(|| shared_launch(mode, all, selected, roots, selection, events));
        match outcome {
            Ok(shared) => {
                for (id, result, took) in shared.results {
                    board.add(id, mode, result, took);
                }
                match shared.root {
                    None => {
                        base.get_or_insert(mode);
                    }
                    Some(id) => {
                        failed.insert(mode, id);
                    }
                }
            }
            Err(trouble) => {
                for check in selected.iter().filter(|check| !is_case(check)) {
                    board.add(check.requirement.id, mode, Err(trouble.clone().into()), 0);
                }
            }
        }
    }
    let cases: Vec<&'static Check> = selected
        .iter()
        .filter(|check| is_case(check))
        .copied()
        .collect();
    // Without a base only those that look for the reason are worth a start.
    let (runnable, blocked): (Vec<_>, Vec<_>) = cases
        .into_iter()
        .partition(|check| base.is_some() || roots.diagnoses.contains(&check.requirement.id));
    let launch = match base {
        Some(Mode::AutoMtls) => Launch::auto_mtls(),
        Some(Mode::Plain) | None => Launch::default(),
    };
    own_launches(
        &runnable, &launch, roots, &failed, selection, events, &mut board,
    );
    for check in blocked {
        let trouble = match failed.values().next() {
            Some(&id) => Trouble::BlockedBy { id: id.to_owned() },
            None => Trouble::infrastructure("no launch was possible"),
        };
        board.add(check.requirement.id, Mode::Plain, Err(trouble.into()), 0);
    }
    for check in selected {
        if let Some(mode) = only_mode(check)
            && !modes.contains(&mode)
        {
            let verdict = Verdict::not_claimed("AutoMTLS is declared away");
            board.add(check.requirement.id, mode, Ok(verdict), 0);
        }
    }
    board.settle(all, roots)
}

fn is_case(check: &Check) -> bool {
    matches!(check.judge, Judge::Case(..))
}

fn only_mode(check: &Check) -> Option<Mode> {
    match check.judge {
        Judge::Record(crate::Over::Tls, _) | Judge::Session(crate::Over::Tls, _) => {
            Some(Mode::AutoMtls)
        }
        _ => None,
    }
}

/// How long stdout is watched from the start of a shared launch.
const AFTER_THE_LINE: Duration = Duration::from_millis(500);

/// Cases that mostly wait, side by side.
const WAITING: usize = 6;

struct SharedLaunch {
    results: Vec<(&'static str, Result<Verdict, Stopped>, u64)>,
    root: Option<&'static str>,
}

/// One launch in one mode: the judges of its session, the stop, then those of
/// its record.
async fn shared_launch(
    mode: Mode,
    all: &[&'static Check],
    selected: &[&'static Check],
    roots: &Roots,
    selection: &Selection,
    events: &Sender<Event>,
) -> Result<SharedLaunch, Trouble> {
    let launch = match mode {
        Mode::Plain => Launch::default(),
        Mode::AutoMtls => Launch::auto_mtls(),
    };
    let case = Case::new(
        Arc::clone(&selection.plugin),
        selection.limits.clone(),
        launch.clone(),
        *roots,
        BTreeMap::new(),
        Loans::default(),
    );
    let mut results = Vec::new();
    let (record, came_up) = match case.attempt(&launch).await? {
        Ok(mut session) => {
            for check in selected {
                let Judge::Session(over, judge) = check.judge else {
                    continue;
                };
                if over.covers(mode) {
                    let id = check.requirement.id;
                    let _ = events.send(Event::Started { id });
                    let began = Instant::now();
                    let result = judge(&mut session).await;
                    let _ = events.send(Event::Finished { id });
                    results.push((id, result, millis(began)));
                }
            }
            // What follows the line on stdout belongs to the record.
            let age = session.process().started().elapsed();
            let rest = AFTER_THE_LINE.saturating_sub(age);
            session.stdout().ended_within(rest).await;
            let record = session.record().clone();
            session.stop().await;
            (record, true)
        }
        Err(record) => (*record, false),
    };
    let mut root = None;
    for check in all {
        let Judge::Record(over, judge) = check.judge else {
            continue;
        };
        if !over.covers(mode) {
            continue;
        }
        let id = check.requirement.id;
        let wanted = selected.iter().any(|other| other.requirement.id == id);
        let result = judge(&record);
        let broken = matches!(&result, Ok(verdict) if verdict.is_fail());
        if broken && !came_up && root.is_none() && check.requirement.level == Level::Must {
            root = Some(id);
        }
        if wanted || root == Some(id) {
            results.push((id, result, 0));
        }
    }
    if !came_up && root.is_none() {
        let id = match &record.channel {
            Some(Err(failure)) => (roots.no_channel)(mode, failure),
            _ => roots.no_line,
        };
        root = Some(id);
        results.push((id, Ok(Verdict::fail(not_up(&record))), 0));
    }
    if let Some(root) = root {
        // A judge of the record knows that it was blocked, not by what.
        for (_, result, _) in &mut results {
            if let Ok(Verdict::Unknown {
                trouble: Trouble::BlockedBy { id },
            }) = result
            {
                root.clone_into(id);
            }
        }
    }
    for check in selected {
        let Judge::Session(over, _) = check.judge else {
            continue;
        };
        if let Some(root) = root.filter(|_| over.covers(mode)) {
            let trouble = Trouble::BlockedBy {
                id: root.to_owned(),
            };
            results.push((check.requirement.id, Err(trouble.into()), 0));
        }
    }
    Ok(SharedLaunch { results, root })
}

fn own_launches(
    cases: &[&'static Check],
    base: &Launch,
    roots: &Roots,
    failed: &BTreeMap<Mode, &'static str>,
    selection: &Selection,
    events: &Sender<Event>,
    board: &mut Board,
) {
    let done = Mutex::new(Vec::new());
    let loans = Loans::default();
    let one = |check: &'static Check| {
        let Judge::Case(_, judge) = check.judge else {
            return;
        };
        let id = check.requirement.id;
        let _ = events.send(Event::Started { id });
        let began = Instant::now();
        let result = if selection.interrupted.load(Ordering::Relaxed) {
            Ok(Verdict::Skip {
                reason: SkipReason::Excluded,
            })
        } else {
            in_case(async || {
                let mut case = Case::new(
                    Arc::clone(&selection.plugin),
                    selection.limits.clone(),
                    base.clone(),
                    *roots,
                    failed.clone(),
                    loans.clone(),
                );
                Ok(judge(&mut case).await)
            })
            .unwrap_or_else(|trouble| Err(trouble.into()))
        };
        let _ = events.send(Event::Finished { id });
        done.lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push((id, result, millis(began)));
    };
    let (waiting, working): (Vec<&'static Check>, Vec<&'static Check>) = cases
        .iter()
        .partition(|check| matches!(check.judge, Judge::Case(Pace::Waits, _)));
    let queues = [
        (waiting, AtomicUsize::new(0), WAITING),
        (working, AtomicUsize::new(0), selection.jobs.max(1)),
    ];
    std::thread::scope(|scope| {
        for (queue, next, threads) in &queues {
            for _ in 0..(*threads).min(queue.len()) {
                scope.spawn(|| {
                    while let Some(check) = queue.get(next.fetch_add(1, Ordering::Relaxed)) {
                        one(check);
                    }
                });
            }
        }
    });
    let done = done
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    for (id, result, took) in done {
        board.add(id, None, result, took);
    }
}

/// Runs a case on this thread in a runtime of its own. A panic or a hang of
/// ours stays inside and becomes trouble.
fn in_case<T, F>(case: impl FnOnce() -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, Trouble>>,
{
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Trouble::infrastructure)?;
        runtime.block_on(async {
            tokio::time::timeout(CASE_LIMIT, case())
                .await
                .unwrap_or_else(|_| Err(Trouble::harness("a case of the harness did not end")))
        })
    };
    std::panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("no text");
        Err(Trouble::harness(format!("a judge panicked: {text}")))
    })
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Gathers what the modes say of each id.
#[derive(Default)]
struct Board {
    entries: BTreeMap<&'static str, Entry>,
}

#[derive(Default)]
struct Entry {
    results: Vec<(Option<Mode>, Result<Verdict, Stopped>)>,
    took_ms: u64,
}

impl Board {
    fn add(
        &mut self,
        id: &'static str,
        mode: impl Into<Option<Mode>>,
        result: Result<Verdict, Stopped>,
        took: u64,
    ) {
        let entry = self.entries.entry(id).or_default();
        entry.results.push((mode.into(), result));
        entry.took_ms += took;
    }

    fn settle(self, all: &[&'static Check], roots: &Roots) -> Vec<Judged> {
        let mut verdicts: BTreeMap<&'static str, (Verdict, u64)> = BTreeMap::new();
        let mut lost: Vec<(&'static str, Finding)> = Vec::new();
        for (id, entry) in self.entries {
            let several = entry.results.len() > 1;
            let (mut findings, mut passes, mut others) = (Vec::new(), 0, Vec::new());
            for (mode, result) in entry.results {
                match result {
                    Ok(Verdict::Fail { findings: found }) => {
                        findings.extend(found.into_iter().map(|finding| (mode, finding)));
                    }
                    Ok(Verdict::Pass) => passes += 1,
                    Ok(other) => others.push(other),
                    Err(Stopped::Trouble(trouble)) => others.push(Verdict::Unknown { trouble }),
                    Err(Stopped::Lost(gone)) => {
                        let root = gone.root.unwrap_or(match gone.manner {
                            Manner::Line | Manner::Channel => roots.no_line,
                            Manner::Crash => roots.crash,
                            Manner::Hang => roots.hang,
                        });
                        let finding = *gone.finding;
                        if matches!(gone.manner, Manner::Crash | Manner::Hang) {
                            findings.push((mode, finding.clone()));
                        } else if root != id {
                            others.push(Verdict::Unknown {
                                trouble: Trouble::BlockedBy {
                                    id: root.to_owned(),
                                },
                            });
                        }
                        lost.push((root, finding));
                    }
                }
            }
            let verdict = if !findings.is_empty() {
                Verdict::of(merged(findings, several))
            } else if passes > 0 && !others.iter().any(is_own_trouble) {
                Verdict::Pass
            } else {
                others.into_iter().next().unwrap_or(Verdict::Pass)
            };
            verdicts.insert(id, (verdict, entry.took_ms));
        }
        for (root, finding) in lost {
            let entry = verdicts.entry(root).or_insert((Verdict::Pass, 0));
            if !entry.0.is_fail() {
                entry.0 = Verdict::fail(finding);
            }
        }
        verdicts
            .into_iter()
            .filter_map(|(id, (verdict, took_ms))| {
                let check = all.iter().find(|check| check.requirement.id == id)?;
                Some(judged(check, verdict, took_ms))
            })
            .collect()
    }
}

/// Trouble that one mode's pass does not outweigh; a mode that another
/// requirement blocked is outweighed.
fn is_own_trouble(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Unknown { trouble } => !matches!(trouble, Trouble::BlockedBy { .. }),
        _ => false,
    }
}

/// Equal findings of both modes become one; others name their mode.
fn merged(findings: Vec<(Option<Mode>, Finding)>, several: bool) -> Vec<Finding> {
    let mut merged: Vec<(Option<Mode>, Finding)> = Vec::new();
    let mut shared = Vec::new();
    for (mode, finding) in findings {
        match merged
            .iter()
            .position(|(_, other)| other.message == finding.message)
        {
            Some(at) => shared.push(at),
            None => merged.push((mode, finding)),
        }
    }
    merged
        .into_iter()
        .enumerate()
        .map(|(at, (mode, mut finding))| {
            if let Some(mode) = mode.filter(|_| several && !shared.contains(&at)) {
                finding.message = format!("{} ({mode} launch)", finding.message);
            }
            finding
        })
        .collect()
}

fn judged(check: &Check, verdict: Verdict, took_ms: u64) -> Judged {
    Judged {
        id: check.requirement.id.to_owned(),
        title: check.requirement.title(),
        level: check.requirement.level,
        since: check.requirement.since.to_owned(),
        verdict,
        overlay: None,
        notes: Vec::new(),
        reproduce: None,
        took_ms,
    }
}
