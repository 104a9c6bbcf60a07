//! `self-test`: the harness judged by its own planted defects.

use super::{say, talk, usage};
use crate::args::SelfTest;
use crate::caret::did_you_mean;
use crate::{interruption, subject};
use host::Limits;
use plugin::Defect;
use report::MatrixRow;
use runner::{Interrupt, Selection};
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use terms::{Exit, Strictness, Verdict};

/// Defects judged side by side; they mostly wait.
const SIDE_BY_SIDE: usize = 6;
/// Start limit of a defect that never prints a line; the clean plugin needs
/// milliseconds.
const START: Duration = Duration::from_secs(5);
/// What counts as a late line here, so that every launch of a late one need not
/// take so long.
const LINE: Duration = Duration::from_secs(1);

pub(super) fn run(args: &SelfTest) -> Exit {
    let defects: Vec<&Defect> = plugin::defects()
        .filter(|defect| {
            args.defect
                .as_deref()
                .is_none_or(|name| name == defect.name)
        })
        .collect();
    if defects.is_empty() {
        let word = args.defect.as_deref().unwrap_or_default();
        let near = did_you_mean(word, plugin::defects().map(|defect| defect.name));
        return usage(
            "no planted defect has that name",
            near.as_deref()
                .unwrap_or("aperio-plugin self-test lists them all"),
        );
    }
    let interrupt = Interrupt::default();
    interruption::watch(&interrupt);
    let clean = judge(None, &interrupt);
    let silent = clean.is_empty();
    if !silent {
        talk(&format!(
            "error: the clean reference plugin fails {}",
            clean.join(", ")
        ));
    }
    let live = std::io::stderr().is_terminal() && defects.len() > 1;
    let rows = Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some((at, defect)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    defects.get(at).map(|defect| (at, defect))
                } {
                    if interrupt.cause().is_some() {
                        break;
                    }
                    let row = row(defect, &interrupt);
                    if interrupt.cause().is_some() {
                        break;
                    }
                    let mut rows = rows
                        .lock()
                        .unwrap_or_else(std::sync::PoisonError::into_inner);
                    rows.push((at, row));
                    if live {
                        let done = rows.len();
                        let _ = write!(std::io::stderr(), "\r\x1b[2K  {done}/{}", defects.len());
                    }
                }
            });
        }
    });
    if live {
        let _ = write!(std::io::stderr(), "\r\x1b[2K");
    }
    let mut rows = rows
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    rows.sort_by_key(|(at, _)| *at);
    // Side by side they load the machine: what does not hold is judged once
    // more, alone, and what is then said counts.
    for (at, row) in &mut rows {
        if !row.holds() && interrupt.cause().is_none() {
            talk(&format!("note: {}; once more, alone", told(row)));
            *row = self::row(defects[*at], &interrupt);
        }
        if !row.holds() {
            talk(&format!("error: {}", told(row)));
        }
    }
    let rows: Vec<MatrixRow> = rows.into_iter().map(|(_, row)| row).collect();
    if interrupt.cause().is_some() {
        return Exit::Interrupted;
    }
    let all_hold = silent && rows.iter().all(MatrixRow::holds);
    match say(&report::matrix_markdown(&rows)) {
        Exit::Conforms if all_hold => Exit::Conforms,
        Exit::Conforms => Exit::Breach,
        other => other,
    }
}

fn told(row: &MatrixRow) -> String {
    format!(
        "{} fails [{}], declared is [{}]",
        row.defect,
        row.failed.join(", "),
        [row.caught_by.join(", "), row.also.join(", ")].join("; ")
    )
}

fn row(defect: &Defect, interrupt: &Interrupt) -> MatrixRow {
    let words = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect();
    MatrixRow {
        defect: defect.name.to_owned(),
        text: defect.text.to_owned(),
        caught_by: words(defect.caught_by),
        also: words(defect.also),
        by_chance: defect.by_chance,
        failed: judge(Some(defect), interrupt),
    }
}

/// The ids that fail for the reference plugin with this defect.
fn judge(defect: Option<&Defect>, interrupt: &Interrupt) -> Vec<String> {
    let all = contract::checks();
    let files = tempfile::tempdir();
    let planted = match (&files, defect) {
        (Ok(dir), defect) => subject::reference(defect, dir.path()),
        (Err(error), _) => Err(std::io::Error::other(error.to_string())),
    };
    let planted = match planted {
        Ok(planted) => planted,
        Err(error) => {
            // No id: whatever is declared, this is not it.
            return vec![format!("nothing was planted: {error}")];
        }
    };
    let selection = Selection {
        plugin: Arc::new(planted),
        limits: Limits {
            start: START,
            line: LINE,
            ..Limits::default()
        },
        jobs: 2,
        solo_rerun: false,
        strictness: Strictness::default(),
        max_fail: None,
        interrupt: interrupt.clone(),
    };
    let (events, _silent) = std::sync::mpsc::channel();
    runner::run(&all, &all, &contract::ROOTS, &selection, &events)
        .into_iter()
        .filter(|judged| {
            judged.verdict.is_fail()
                // The clean plugin must be judged in full, too.
                || (defect.is_none() && matches!(judged.verdict, Verdict::Unknown { .. }))
        })
        .map(|judged| judged.id)
        .collect()
}
