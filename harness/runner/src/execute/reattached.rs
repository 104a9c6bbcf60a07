//! Judging a plugin that is running already: one plain session, which ends
//! without stopping anybody.

use super::{Board, Event, Selection, in_case, millis};
use crate::check::{Check, Judge, Roots};
use host::channel::Step;
use host::{Mode, Running, Start};
use std::sync::mpsc::Sender;
use std::time::Instant;
use terms::{Judged, SkipReason, Stopped, Trouble, Verdict};

type Results = Vec<(&'static str, Result<Verdict, Stopped>, u64)>;

/// Judges what a session shows; the rest is skipped. Nothing is tried twice,
/// since the plugin's streams may be opened once.
pub(super) fn run(
    all: &[&'static Check],
    selected: &[&'static Check],
    roots: &Roots,
    selection: &Selection,
    running: &Running,
    events: &Sender<Event>,
) -> Vec<Judged> {
    let mut board = Board::default();
    let (judged, skipped): (Vec<&'static Check>, Vec<&'static Check>) =
        selected.iter().partition(|check| match check.judge {
            Judge::Session(over, _) => over.covers(Mode::Plain),
            _ => false,
        });
    for check in skipped {
        if !matches!(check.judge, Judge::Nobody) {
            board.add(check.requirement.id, None, Ok(reattached()), 0);
        }
    }
    match in_case(|| in_session(&judged, selection, running, events)) {
        Ok(results) => {
            for (id, result, took) in results {
                board.add(id, Mode::Plain, result, took);
            }
        }
        Err(trouble) => {
            for check in judged {
                board.add(check.requirement.id, None, Err(trouble.clone().into()), 0);
            }
        }
    }
    board.settle(all, roots)
}

fn reattached() -> Verdict {
    Verdict::Skip {
        reason: SkipReason::Reattached,
    }
}

async fn in_session(
    judged: &[&'static Check],
    selection: &Selection,
    running: &Running,
    events: &Sender<Event>,
) -> Result<Results, Trouble> {
    if judged.is_empty() {
        return Ok(Vec::new());
    }
    let start = Start::attached(&selection.plugin, running, &selection.limits)
        .map_err(Trouble::infrastructure)?;
    let mut session = match start.connect().await {
        Ok(session) => session,
        Err(mut start) => return Err(no_session(&mut start)),
    };
    let mut results = Vec::new();
    for check in judged {
        let Judge::Session(_, judge) = check.judge else {
            continue;
        };
        let id = check.requirement.id;
        let _ = events.send(Event::Started { id });
        let began = Instant::now();
        let result = judge(&mut session).await;
        let _ = events.send(Event::Finished { id });
        let result = match result {
            // Nobody here has seen the process start, or its output.
            Ok(_) if session.wanted_launch() => Ok(reattached()),
            result => result,
        };
        results.push((id, result, millis(began)));
    }
    Ok(results)
}

/// Nobody is accused: whether it is the plugin, its debugger or the JSON that is
/// at fault cannot be seen from here.
fn no_session(start: &mut Start) -> Trouble {
    let Some(Err(failure)) = &start.record().channel else {
        return Trouble::harness("a running plugin has an address");
    };
    let hint = match failure.step {
        Step::Http => "; attaching needs a plugin that serves without TLS and multiplexing",
        _ => "",
    };
    Trouble::infrastructure(format!(
        "no plugin to attach to: {} failed: {}{hint}",
        failure.step, failure.text
    ))
}
