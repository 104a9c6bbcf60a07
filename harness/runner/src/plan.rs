//! Which checks run, in which group, and why the others do not: a pure value.

use crate::Claims;
use crate::board::judged;
use crate::check::{Check, Judge, Over, Pace};
use std::fmt;
use terms::{Judged, Observation, Requirement, SkipReason, Verdict};

/// What a run will do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The checks that run, in order.
    pub planned: Vec<Planned>,
    /// What does not run, and why.
    pub left_out: Vec<LeftOut>,
}

/// One check that will run.
#[derive(Debug, Clone, Copy)]
pub struct Planned {
    /// The check.
    pub check: &'static Check,
    /// With whom it shares a process.
    pub group: Group,
}

/// With whom a check shares a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// It reads or uses the launch that is shared in these modes.
    Shared(Over),
    /// It starts processes of its own.
    Own(Pace),
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Group::Shared(Over::Both) => "shared plain and AutoMTLS launch",
            Group::Shared(Over::Plain) => "shared plain launch",
            Group::Shared(Over::Tls) => "shared AutoMTLS launch",
            Group::Own(Pace::Works) => "launches of its own",
            Group::Own(Pace::Waits | Pace::WaitsLong) => "launches of its own, mostly waiting",
        })
    }
}

/// One requirement that is not put to the test.
#[derive(Debug, Clone)]
pub struct LeftOut {
    /// The requirement.
    pub requirement: &'static Requirement,
    /// Why.
    pub why: Omission,
}

/// Why a requirement is not put to the test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Omission {
    /// It does not apply, or the user left it out.
    Skipped(SkipReason),
    /// No check can judge it, or others do.
    Nobody(Observation),
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Omission::Skipped(reason) => write!(f, "{reason}"),
            Omission::Nobody(Observation::Unobservable(reason)) => {
                write!(f, "not observable: {reason}")
            }
            Omission::Nobody(Observation::Elsewhere(reason)) => {
                write!(f, "judged elsewhere: {reason}")
            }
            Omission::Nobody(Observation::Judged) => f.write_str("judged"),
        }
    }
}

impl Plan {
    /// Plans a run over `all` for a plugin with these claims, judged by this
    /// minor of the interface; `wanted` is the user's selection.
    pub fn new(
        all: &[&'static Check],
        claims: &Claims,
        interface: (u32, u32),
        wanted: impl Fn(&Requirement) -> bool,
    ) -> Self {
        let mut plan = Plan::default();
        for &check in all {
            let requirement = &check.requirement;
            let group = match check.judge {
                Judge::Record(over, _) | Judge::Session(over, _) => Some(Group::Shared(over)),
                Judge::Case(pace, _) => Some(Group::Own(pace)),
                Judge::Nobody => None,
            };
            let why = if wanted(requirement) {
                inapplicable(requirement, claims, interface).map(Omission::Skipped)
            } else {
                Some(Omission::Skipped(SkipReason::Excluded))
            };
            match (why, group) {
                (None, Some(group)) => plan.planned.push(Planned { check, group }),
                (why, _) => plan.left_out.push(LeftOut {
                    requirement,
                    why: why.unwrap_or(Omission::Nobody(requirement.observation)),
                }),
            }
        }
        plan.left_out.sort_by_key(|left| left.requirement.id);
        plan
    }

    /// The checks that run.
    pub fn selected(&self) -> Vec<&'static Check> {
        self.planned.iter().map(|planned| planned.check).collect()
    }

    /// Results of what does not apply; the plan knows them without a run.
    pub fn inapplicable(&self) -> Vec<Judged> {
        self.left_out
            .iter()
            .filter_map(|left| match &left.why {
                Omission::Skipped(SkipReason::Excluded) | Omission::Nobody(_) => None,
                Omission::Skipped(reason) => {
                    let reason = reason.clone();
                    Some(judged(left.requirement, Verdict::Skip { reason }))
                }
            })
            .collect()
    }
}

fn inapplicable(
    requirement: &Requirement,
    claims: &Claims,
    interface: (u32, u32),
) -> Option<SkipReason> {
    let from = minor(requirement.since);
    let until = requirement.removed.and_then(minor);
    if from.is_some_and(|from| from > interface) || until.is_some_and(|until| until <= interface) {
        let removed = requirement
            .removed
            .map_or(String::new(), |removed| format!(", removed in {removed}"));
        return Some(SkipReason::VersionWindow {
            window: format!("since {}{removed}", requirement.since),
        });
    }
    let capability = requirement.claims?;
    // Who did not describe itself is judged by everything; the breach shows.
    let described = claims.described.as_ref()?;
    let claimed = described.capabilities.iter().any(|one| one == capability);
    (!claimed).then(|| SkipReason::NotClaimed {
        what: capability.to_owned(),
    })
}

/// `1.2` as numbers.
fn minor(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Described;
    use terms::Level;

    const fn check(id: &'static str, since: &'static str, claims: Option<&'static str>) -> Check {
        Check {
            requirement: Requirement {
                id,
                level: Level::Must,
                since,
                removed: None,
                claims,
                observation: Observation::Judged,
                doc: "A promise.",
                file: "",
                line: 1,
            },
            judge: Judge::Record(Over::Both, |_| Ok(Verdict::Pass)),
            once: false,
        }
    }

    static OLD: Check = check("X-001", "1.0", None);
    static NEW: Check = check("X-002", "1.2", None);
    static CAPABLE: Check = check("X-003", "1.0", Some("REMEDIATION_PLAN"));

    fn left_out(plan: &Plan) -> Vec<String> {
        plan.left_out
            .iter()
            .map(|left| format!("{} {}", left.requirement.id, left.why))
            .collect()
    }

    #[test]
    fn everything_that_does_not_run_says_why() {
        let all = [&OLD, &NEW, &CAPABLE];
        let silent = Plan::new(&all, &Claims::default(), (1, 2), |_| true);
        assert_eq!(silent.planned.len(), 3, "no claims leave nothing out");
        let claims = Claims {
            described: Some(Described::default()),
            trouble: None,
        };
        let plan = Plan::new(&all, &claims, (1, 1), |one| one.id != "X-001");
        assert_eq!(
            left_out(&plan),
            [
                "X-001 excluded by user",
                "X-002 version window: since 1.2",
                "X-003 not claimed: REMEDIATION_PLAN",
            ]
        );
        let ids: Vec<String> = plan.inapplicable().into_iter().map(|one| one.id).collect();
        assert_eq!(ids, ["X-002", "X-003"]);
    }
}
