//! From what the judges say to one result for each id.

use crate::check::{Check, Roots};
use host::Mode;
use std::collections::BTreeMap;
use terms::{Finding, Judged, Manner, Requirement, Stopped, Trouble, Verdict};

/// Gathers what the modes say of each id.
pub(crate) struct Board<'a> {
    all: &'a [&'static Check],
    roots: &'a Roots,
    open: BTreeMap<&'static str, Entry>,
    closed: BTreeMap<&'static str, (Verdict, u64)>,
    lost: Vec<Loss>,
}

/// A plugin that was lost to a check.
struct Loss {
    /// Whose breach that is.
    root: &'static str,
    finding: Finding,
    /// The check that lost it.
    seen_by: &'static str,
    /// Whether it was lost in the session that all share.
    shared: bool,
}

#[derive(Default)]
struct Entry {
    results: Vec<(Option<Mode>, Result<Verdict, Stopped>)>,
    took_ms: u64,
}

impl<'a> Board<'a> {
    pub(crate) fn new(all: &'a [&'static Check], roots: &'a Roots) -> Self {
        Board {
            all,
            roots,
            open: BTreeMap::new(),
            closed: BTreeMap::new(),
            lost: Vec::new(),
        }
    }

    pub(crate) fn add(
        &mut self,
        id: &'static str,
        mode: impl Into<Option<Mode>>,
        result: Result<Verdict, Stopped>,
        took: u64,
    ) {
        let entry = self.open.entry(id).or_default();
        entry.results.push((mode.into(), result));
        entry.took_ms += took;
    }

    /// Takes what was added of an id together. A loss of the plugin may yet
    /// turn the result of a root.
    pub(crate) fn close(&mut self, id: &'static str) -> Option<Judged> {
        let entry = self.open.remove(id)?;
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
                    let root = self.roots.of(&gone);
                    let finding = *gone.finding;
                    // What any call of this kind does to the plugin says
                    // nothing of the promise that was being judged.
                    let known = mode.is_none() && self.is_known(&finding);
                    if matches!(gone.manner, Manner::Crash | Manner::Hang) && !known {
                        findings.push((mode, finding.clone()));
                    } else if root != id {
                        others.push(Verdict::Unknown {
                            trouble: Trouble::BlockedBy {
                                id: root.to_owned(),
                            },
                        });
                    }
                    self.lost.push(Loss {
                        root,
                        finding,
                        seen_by: id,
                        shared: mode.is_some(),
                    });
                }
            }
        }
        let verdict = if !findings.is_empty() {
            Verdict::of(merged(findings, several))
        } else if passes > 0 && !others.iter().any(is_own_trouble) {
            Verdict::Pass
        } else {
            // What one mode says outweighs that another was blocked.
            let said = others
                .iter()
                .position(is_own_trouble)
                .or_else(|| others.iter().position(|other| !is_blocked(other)));
            others
                .into_iter()
                .nth(said.unwrap_or(0))
                .unwrap_or(Verdict::Pass)
        };
        let judged = self.judged(id, verdict.clone(), entry.took_ms);
        self.closed.insert(id, (verdict, entry.took_ms));
        judged
    }

    /// Whether the shared session was lost just so.
    fn is_known(&self, finding: &Finding) -> bool {
        let mut shared = self.lost.iter().filter(|loss| loss.shared);
        shared.any(|loss| loss.finding.message == finding.message)
    }

    /// Every result, sorted by id.
    pub(crate) fn settle(mut self) -> Vec<Judged> {
        while let Some((&id, _)) = self.open.first_key_value() {
            self.close(id);
        }
        let mut seen_by: BTreeMap<&'static str, Vec<&'static str>> = BTreeMap::new();
        for loss in std::mem::take(&mut self.lost) {
            let entry = self.closed.entry(loss.root).or_insert((Verdict::Pass, 0));
            let others = seen_by.entry(loss.root).or_default();
            if !entry.0.is_fail() {
                entry.0 = Verdict::fail(loss.finding);
            } else if others.is_empty() {
                // Its own check tells it.
                continue;
            }
            if !others.contains(&loss.seen_by) {
                others.push(loss.seen_by);
            }
        }
        self.closed
            .iter()
            .filter_map(|(id, (verdict, took_ms))| {
                let seen_by = seen_by.remove(id).unwrap_or_default();
                Some(Judged {
                    seen_by: seen_by.into_iter().map(str::to_owned).collect(),
                    ..self.judged(id, verdict.clone(), *took_ms)?
                })
            })
            .collect()
    }

    fn judged(&self, id: &str, verdict: Verdict, took_ms: u64) -> Option<Judged> {
        let check = self.all.iter().find(|check| check.requirement.id == id)?;
        Some(Judged {
            took_ms,
            ..judged(&check.requirement, verdict)
        })
    }
}

/// Trouble that one mode's pass does not outweigh; a mode that another
/// requirement blocked is outweighed.
fn is_own_trouble(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Unknown { .. }) && !is_blocked(verdict)
}

fn is_blocked(verdict: &Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Unknown {
            trouble: Trouble::BlockedBy { .. }
        }
    )
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

/// A result that took no time.
pub(crate) fn judged(requirement: &Requirement, verdict: Verdict) -> Judged {
    Judged {
        id: requirement.id.to_owned(),
        title: requirement.title(),
        level: requirement.level,
        since: requirement.since.to_owned(),
        verdict,
        overlay: None,
        notes: Vec::new(),
        seen_by: Vec::new(),
        reproduce: None,
        took_ms: 0,
    }
}
