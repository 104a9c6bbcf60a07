//! The same plugin judged many times, half of them on a busy machine: every
//! run must say the same.

use libtest_mimic::Failed;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use terms::{Finding, Overlay, Report, Verdict};

/// Judges as often as told; every second run has all processors kept busy.
pub(crate) fn agree(
    rounds: usize,
    judge: impl Fn() -> Result<Report, Failed>,
) -> Result<(), Failed> {
    let mut runs = Vec::with_capacity(rounds);
    for round in 0..rounds {
        let busy = round % 2 == 1;
        let start = Instant::now();
        let report = if busy { beside_load(&judge) } else { judge() }?;
        let _ = writeln!(
            std::io::stderr(),
            "round {} of {rounds}{}: {:.0?}",
            round + 1,
            if busy { ", busy" } else { "" },
            start.elapsed()
        );
        runs.push((busy, report));
    }
    let differences = differences(&runs);
    if differences.is_empty() {
        Ok(())
    } else {
        Err(differences.into())
    }
}

fn beside_load<T>(work: impl FnOnce() -> T) -> T {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let result = work();
        done.store(true, Ordering::Relaxed);
        result
    })
}

/// One line for each requirement that runs speak of differently.
fn differences(runs: &[(bool, Report)]) -> String {
    let ids: BTreeSet<&str> = runs
        .iter()
        .flat_map(|(_, report)| report.results.iter().map(|judged| &*judged.id))
        .collect();
    let mut text = String::new();
    for id in ids {
        let mut words: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (number, (busy, report)) in runs.iter().enumerate() {
            let mark = if *busy { "*" } else { "" };
            words
                .entry(word(report, id))
                .or_default()
                .push(format!("{}{mark}", number + 1));
        }
        if words.len() > 1 {
            let _ = writeln!(text, "{id} (runs marked * had a busy machine)");
            for (word, runs) in words {
                let _ = writeln!(text, "    {word}: {}", runs.join(" "));
            }
            for (number, (_, report)) in runs.iter().enumerate() {
                if let Some(finding) = finding(report, id) {
                    let _ = writeln!(text, "    in {} it was seen: {finding:?}", number + 1);
                }
            }
        }
    }
    text
}

/// What was first seen of a breach.
fn finding<'a>(report: &'a Report, id: &str) -> Option<&'a Finding> {
    let judged = report.results.iter().find(|judged| judged.id == id)?;
    judged.verdict.findings().first()
}

/// What a run says of a requirement, without what differs by nature.
fn word(report: &Report, id: &str) -> String {
    let Some(judged) = report.results.iter().find(|judged| judged.id == id) else {
        return "nothing".to_owned();
    };
    let word = match &judged.verdict {
        Verdict::Pass => "pass",
        Verdict::Fail { .. } => "fail",
        Verdict::Skip { .. } => "skip",
        Verdict::Unknown { .. } => "unknown",
    };
    if judged.overlay == Some(Overlay::Flaky) {
        format!("{word}, then pass alone")
    } else {
        word.to_owned()
    }
}
