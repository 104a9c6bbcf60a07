//! Judging a plugin that is running already: one plain session, which ends
//! without stopping anybody.

use super::{Pass, blocked_by, millis};
use crate::board::Board;
use crate::check::{Check, Judge};
use host::channel::Step;
use host::{Mode, Running, Start};
use std::time::Instant;
use terms::{Judged, SkipReason, Stopped, Trouble, Verdict};

type Results = Vec<(&'static str, Result<Verdict, Stopped>, u64)>;

impl Pass<'_> {
    /// Judges what a session shows; the rest is skipped. Nothing is tried
    /// twice, since the plugin's streams may be opened once.
    pub(super) fn reattached(&self, running: &Running) -> Vec<Judged> {
        let mut board = Board::new(self.all, self.roots);
        let (judged, skipped): (Vec<&'static Check>, Vec<&'static Check>) =
            self.selected.iter().partition(|check| match check.judge {
                Judge::Session(over, _) => over.covers(Mode::Plain),
                _ => false,
            });
        for check in skipped {
            if !matches!(check.judge, Judge::Nobody) {
                board.add(check.requirement.id, None, Ok(reattached()), 0);
            }
        }
        match self.in_case(|| self.in_session(&judged, running)) {
            Ok(None) => {}
            Ok(Some(results)) => {
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
        board.settle()
    }

    async fn in_session(
        &self,
        judged: &[&'static Check],
        running: &Running,
    ) -> Result<Results, Trouble> {
        if judged.is_empty() {
            return Ok(Vec::new());
        }
        let selection = self.selection;
        let start = Start::attached(&selection.plugin, running, &selection.limits)
            .map_err(Trouble::infrastructure)?;
        let mut session = match start.connect().await {
            Ok(session) => session,
            Err(mut start) => return Err(no_session(&mut start)),
        };
        let mut results = Vec::new();
        let mut ended = None;
        for check in judged {
            let Judge::Session(_, judge) = check.judge else {
                continue;
            };
            if self.is_over() {
                break;
            }
            let id = check.requirement.id;
            self.started(id);
            let began = Instant::now();
            let result = match ended {
                None => judge(&mut session).await,
                Some(root) => Err(blocked_by(root).into()),
            };
            let result = match result {
                // Nobody here has seen the process start, or its output.
                Ok(_) if session.wanted_launch() => Ok(reattached()),
                result => result,
            };
            ended = ended.or_else(|| self.roots.of_end(id, &result, &mut session));
            results.push((id, result, millis(began)));
        }
        Ok(results)
    }
}

fn reattached() -> Verdict {
    Verdict::Skip {
        reason: SkipReason::Reattached,
    }
}

/// Nobody is accused: whether it is the plugin, its debugger or the JSON that is
/// at fault cannot be seen from here.
fn no_session(start: &mut Start) -> Trouble {
    let Some(Err(failure)) = &start.record().channel else {
        return Trouble::harness("a running plugin has an address");
    };
    let hint = match failure.step {
        Step::Http | Step::Refused | Step::Preface => {
            "; attaching needs a plugin that serves without TLS and multiplexing"
        }
        _ => "",
    };
    Trouble::infrastructure(format!(
        "no plugin to attach to: {} failed: {}{hint}",
        failure.step, failure.text
    ))
}
