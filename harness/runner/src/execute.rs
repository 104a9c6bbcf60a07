//! From checks to results: two shared launches, then the cases that start
//! processes of their own, then a lone second try of what failed.

use crate::board::{Board, judged};
use crate::case::{Case, not_up};
use crate::check::{Check, Judge, Pace, Roots};
use crate::event::{Event, Teller};
use crate::interrupt::{Cause, Interrupt, plugins_ended};
use crate::loans::Loans;
use host::{Launch, Limits, Mode, Plugin};
use std::collections::BTreeMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use terms::{Judged, Level, Overlay, SkipReason, Stopped, Strictness, Trouble, Verdict};

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
    /// What counts towards `max_fail`.
    pub strictness: Strictness,
    /// Failures after which nothing new starts.
    pub max_fail: Option<usize>,
    /// Ends the run early.
    pub interrupt: Interrupt,
}

/// Longest life of one case, and the least of it in limits of a start and of
/// a call; a judge bounds its calls, so that only a fault of ours reaches it.
const CASE_LIMIT: Duration = Duration::from_mins(3);
const STARTS_IN_A_CASE: u32 = 12;
const CALLS_IN_A_CASE: u32 = 20;

/// How long plugins get between SIGTERM and SIGKILL where a run is cut short.
const LAST_GRACE: Duration = Duration::from_secs(2);

/// Judges the checks and returns one result for each, sorted by id.
///
/// A breach that no check of the selection is about is reported under its root
/// all the same, taken from `all`. What an early end left unjudged is left out
/// on purpose (the user, or enough failures) or unknown (the deadline).
pub fn run(
    all: &[&'static Check],
    selected: &[&'static Check],
    roots: &Roots,
    selection: &Selection,
    events: &Sender<Event>,
) -> Vec<Judged> {
    let teller = Teller::new(events);
    let pass = Pass {
        all,
        selected,
        roots,
        selection,
        teller: Some(&teller),
        failures: AtomicUsize::new(0),
    };
    let running = selection.plugin.running.as_ref();
    let mut results = match running {
        None => pass.run(),
        Some(running) => pass.reattached(running),
    };
    // The streams of a running plugin may be opened once, so it has one try.
    if selection.solo_rerun && running.is_none() {
        let mut alone: BTreeMap<String, Vec<Judged>> = BTreeMap::new();
        // What another check saw of a promise is tried again all the same.
        let is_once = |result: &Judged| {
            let mut checks = all.iter();
            result.seen_by.is_empty()
                && checks.any(|check| check.once && check.requirement.id == result.id)
        };
        for result in &mut results {
            let passed = result.verdict.is_fail()
                && !is_once(result)
                && selection.interrupt.cause().is_none()
                && result.witnesses().into_iter().all(|id| {
                    let again = || again(all, id, roots, selection);
                    let again = alone.entry(id.to_owned()).or_insert_with(again);
                    // A witness of somebody else's breach may break its own promise.
                    let passed = |one: &Judged| {
                        one.id == id
                            && (one.verdict == Verdict::Pass
                                || one.id != result.id && one.verdict.is_fail())
                    };
                    let failed = |one: &Judged| one.id == result.id && one.verdict.is_fail();
                    again.iter().any(passed) && !again.iter().any(failed)
                });
            if passed {
                result.overlay = Some(Overlay::Flaky);
            }
            teller.judged(result);
        }
    }
    for result in &results {
        teller.judged(result);
    }
    let unjudged: Vec<Judged> = selected
        .iter()
        .filter(|check| !matches!(check.judge, Judge::Nobody))
        .filter(|check| {
            let id = check.requirement.id;
            !results.iter().any(|result| result.id == id)
        })
        .map(|check| judged(&check.requirement, unjudged(selection.interrupt.cause())))
        .collect();
    results.extend(unjudged);
    results.sort_by(|one, other| one.id.cmp(&other.id));
    results
}

/// What is said of a check that an early end left out.
fn unjudged(cause: Option<Cause>) -> Verdict {
    match cause {
        Some(Cause::Deadline) => Verdict::Unknown {
            trouble: Trouble::infrastructure("the time for the whole run was over"),
        },
        Some(Cause::User) | None => Verdict::Skip {
            reason: SkipReason::Excluded,
        },
    }
}

/// One check once more, alone.
fn again(all: &[&'static Check], id: &str, roots: &Roots, selection: &Selection) -> Vec<Judged> {
    let check: Vec<&'static Check> = all
        .iter()
        .filter(|check| check.requirement.id == id)
        .copied()
        .collect();
    let alone = Selection {
        jobs: 1,
        max_fail: None,
        ..selection.clone()
    };
    Pass {
        all,
        selected: &check,
        roots,
        selection: &alone,
        teller: None,
        failures: AtomicUsize::new(0),
    }
    .run()
}

/// One way through the selected checks.
struct Pass<'a> {
    all: &'a [&'static Check],
    selected: &'a [&'static Check],
    roots: &'a Roots,
    selection: &'a Selection,
    teller: Option<&'a Teller<'a>>,
    failures: AtomicUsize,
}

impl Pass<'_> {
    fn run(&self) -> Vec<Judged> {
        let Pass {
            all,
            selected,
            roots,
            selection,
            ..
        } = *self;
        let mut board = Board::new(all, roots);
        let modes: &[Mode] = if selection.plugin.auto_mtls {
            &[Mode::Plain, Mode::AutoMtls]
        } else {
            &[Mode::Plain]
        };
        let mut base = None;
        let mut failed = BTreeMap::new();
        for &mode in modes {
            if self.is_over() {
                break;
            }
            let outcome = self.in_case(|| self.shared_launch(mode));
            match outcome {
                Ok(None) => {}
                Ok(Some(shared)) => {
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
        if selection.interrupt.cause().is_some() {
            // What one mode alone has said is half a judgement.
            board = Board::new(all, roots);
        }
        for check in selected {
            if let Some(mode) = only_mode(check)
                && !modes.contains(&mode)
            {
                let verdict = Verdict::not_claimed("AutoMTLS is declared away");
                board.add(check.requirement.id, mode, Ok(verdict), 0);
            }
        }
        for check in selected.iter().filter(|check| !is_case(check)) {
            self.close(&mut board, check.requirement.id);
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
        let launch = base.map_or_else(Launch::default, Launch::of);
        if !self.is_over() {
            for check in blocked {
                let trouble = match failed.values().next() {
                    Some(id) => blocked_by(id),
                    None => Trouble::infrastructure("no launch was possible"),
                };
                board.add(check.requirement.id, None, Err(trouble.into()), 0);
                self.close(&mut board, check.requirement.id);
            }
        }
        let board = Mutex::new(board);
        self.own_launches(&runnable, &launch, &failed, &board);
        board
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .settle()
    }

    /// Whether nothing new may start.
    fn is_over(&self) -> bool {
        let most = self.selection.max_fail;
        self.selection.interrupt.cause().is_some()
            || most.is_some_and(|most| self.failures.load(Ordering::Relaxed) >= most)
    }

    fn started(&self, id: &'static str) {
        if let Some(teller) = self.teller {
            teller.started(id);
        }
    }

    /// Takes together what was added of an id, and tells it if nothing later
    /// can change it: a failure may pass alone, a root may fall with another.
    fn close(&self, board: &mut Board<'_>, id: &'static str) {
        let Some(judged) = board.close(id) else {
            return;
        };
        if judged.counts_as_failure(self.selection.strictness) {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        let is_final =
            !(self.roots.may_name(id) || judged.verdict.is_fail() && self.selection.solo_rerun);
        if let Some(teller) = self.teller.filter(|_| is_final) {
            teller.judged(&judged);
        }
    }
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

/// Cases that mostly wait, side by side. Each may be flooded, and the harness
/// stays below 64 MiB all the same.
const WAITING: usize = 6;

struct SharedLaunch {
    results: Vec<(&'static str, Result<Verdict, Stopped>, u64)>,
    root: Option<&'static str>,
}

impl Pass<'_> {
    /// One launch in one mode: the judges of its session, the stop, then those of
    /// its record.
    async fn shared_launch(&self, mode: Mode) -> Result<SharedLaunch, Trouble> {
        let Pass {
            all,
            selected,
            roots,
            selection,
            ..
        } = *self;
        let launch = Launch::of(mode);
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
                let mut ended = None;
                for check in selected {
                    let Judge::Session(over, judge) = check.judge else {
                        continue;
                    };
                    if over.covers(mode) && !self.is_over() {
                        let id = check.requirement.id;
                        self.started(id);
                        let began = Instant::now();
                        let result = match ended {
                            None => judge(&mut session).await,
                            Some(root) => Err(blocked_by(root).into()),
                        };
                        ended = ended.or_else(|| roots.of_end(id, &result, &mut session));
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
            if wanted {
                self.started(id);
            }
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
                Some(Err(failure)) => (roots.no_channel)(failure),
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
                results.push((check.requirement.id, Err(blocked_by(root).into()), 0));
            }
        }
        Ok(SharedLaunch { results, root })
    }

    fn own_launches(
        &self,
        cases: &[&'static Check],
        base: &Launch,
        failed: &BTreeMap<Mode, &'static str>,
        board: &Mutex<Board<'_>>,
    ) {
        let Pass {
            roots, selection, ..
        } = *self;
        let loans = Loans::default();
        let one = |check: &'static Check| {
            let Judge::Case(_, judge) = check.judge else {
                return;
            };
            let id = check.requirement.id;
            self.started(id);
            let began = Instant::now();
            let result = self.in_case(async || {
                let mut case = Case::new(
                    Arc::clone(&selection.plugin),
                    selection.limits.clone(),
                    base.clone(),
                    *roots,
                    failed.clone(),
                    loans.clone(),
                );
                Ok(judge(&mut case).await)
            });
            let result = match result {
                // Cut short: nothing is known of it.
                Ok(None) => return,
                Ok(Some(result)) => result,
                Err(trouble) => Err(trouble.into()),
            };
            let mut board = board
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            board.add(id, None, result, millis(began));
            self.close(&mut board, id);
        };
        let pace = |check: &Check| match check.judge {
            Judge::Case(pace, _) => pace,
            _ => Pace::Works,
        };
        let (mut waiting, working): (Vec<&'static Check>, Vec<&'static Check>) =
            cases.iter().partition(|check| pace(check) != Pace::Works);
        // What begins last decides when the run ends.
        waiting.sort_by_key(|check| pace(check) != Pace::WaitsLong);
        let queues = [
            (waiting, AtomicUsize::new(0), WAITING),
            (working, AtomicUsize::new(0), selection.jobs.max(1)),
        ];
        std::thread::scope(|scope| {
            for (queue, next, threads) in &queues {
                for _ in 0..(*threads).min(queue.len()) {
                    scope.spawn(|| {
                        while let Some(check) = queue
                            .get(next.fetch_add(1, Ordering::Relaxed))
                            .filter(|_| !self.is_over())
                        {
                            one(check);
                        }
                    });
                }
            }
        });
    }

    fn in_case<T, F>(&self, case: impl FnOnce() -> F) -> Result<Option<T>, Trouble>
    where
        F: Future<Output = Result<T, Trouble>>,
    {
        in_case(&self.selection.limits, &self.selection.interrupt, case)
    }
}

/// Runs a case on this thread in a runtime of its own; none where the run was
/// cut short. A panic or a hang of ours stays inside and becomes trouble.
pub(crate) fn in_case<T, F>(
    limits: &Limits,
    interrupt: &Interrupt,
    case: impl FnOnce() -> F,
) -> Result<Option<T>, Trouble>
where
    F: Future<Output = Result<T, Trouble>>,
{
    let limit = CASE_LIMIT
        .max(limits.start * STARTS_IN_A_CASE)
        .max(limits.rpc * CALLS_IN_A_CASE)
        + 2 * limits.idle;
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Trouble::infrastructure)?;
        runtime.block_on(async {
            let mut case = std::pin::pin!(tokio::time::timeout(limit, case()));
            let result = tokio::select! {
                // First, so that a judge never sees the end that we caused.
                biased;
                () = interrupt.ended() => None,
                result = &mut case => Some(result),
            };
            let Some(result) = result.filter(|_| interrupt.cause().is_none()) else {
                plugins_ended(limits.term.min(LAST_GRACE)).await;
                return Ok(None);
            };
            result
                .unwrap_or_else(|_| Err(Trouble::harness("a case of the harness did not end")))
                .map(Some)
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

/// What is said of a check that another's breach keeps from judging.
fn blocked_by(root: &str) -> Trouble {
    Trouble::BlockedBy {
        id: root.to_owned(),
    }
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
