//! What a judge says, and what may keep it from saying anything.

use crate::Finding;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The outcome of one check. `Unknown` never counts as a pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "lowercase")]
pub enum Verdict {
    /// Exercised, and held.
    Pass,
    /// At least one breach was seen.
    Fail {
        /// The breaches, never empty.
        findings: Vec<Finding>,
    },
    /// The promise does not apply, or was left out on purpose.
    Skip {
        /// Why.
        reason: SkipReason,
    },
    /// The harness could not judge.
    Unknown {
        /// Why.
        trouble: Trouble,
    },
}

impl Verdict {
    /// A failure with one finding.
    pub fn fail(finding: Finding) -> Self {
        Verdict::Fail {
            findings: vec![finding],
        }
    }

    /// `Pass` if there is no finding, else `Fail`.
    pub fn of(findings: Vec<Finding>) -> Self {
        if findings.is_empty() {
            Verdict::Pass
        } else {
            Verdict::Fail { findings }
        }
    }

    /// The plugin does not claim, or never uses, what the promise is about.
    pub fn not_claimed(what: impl Into<String>) -> Self {
        Verdict::Skip {
            reason: SkipReason::NotClaimed { what: what.into() },
        }
    }

    /// The interesting branch was never reached.
    pub fn vacuous(why: impl Into<String>) -> Self {
        Verdict::Unknown {
            trouble: Trouble::Vacuous { why: why.into() },
        }
    }

    /// Whether a breach was seen.
    pub fn is_fail(&self) -> bool {
        matches!(self, Verdict::Fail { .. })
    }

    /// The findings of a failure, empty otherwise.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Verdict::Fail { findings } => findings,
            _ => &[],
        }
    }
}

/// Why a promise was not put to the test. A closed list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SkipReason {
    /// Not declared, or the plugin never uses what the promise is about.
    NotClaimed {
        /// What is not claimed.
        what: String,
    },
    /// Outside the `since`/`removed` window of the plugin's interface.
    VersionWindow {
        /// The window.
        window: String,
    },
    /// The plugin speaks a minor this harness does not know.
    NewerThanHarness,
    /// The operating system does not show what is needed.
    Platform {
        /// What is missing.
        what: String,
    },
    /// The plugin was attached to, not launched.
    Reattached,
    /// A filter or `--skip` left it out.
    Excluded,
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::NotClaimed { what } => write!(f, "not claimed: {what}"),
            SkipReason::VersionWindow { window } => write!(f, "version window: {window}"),
            SkipReason::NewerThanHarness => f.write_str("newer than this harness"),
            SkipReason::Platform { what } => write!(f, "platform: {what}"),
            SkipReason::Reattached => f.write_str("reattached"),
            SkipReason::Excluded => f.write_str("excluded by user"),
        }
    }
}

/// Why the harness could not judge. A closed list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Trouble {
    /// Another requirement failed first and took the ground away.
    BlockedBy {
        /// The id of the root.
        id: String,
    },
    /// The interesting branch was never reached.
    Vacuous {
        /// What did not happen.
        why: String,
    },
    /// A panic or an invalid message of ours.
    HarnessFault {
        /// What went wrong.
        why: String,
    },
    /// The machine refused: no process, no disk, no layer.
    Infrastructure {
        /// What was refused.
        why: String,
    },
}

impl Trouble {
    /// The harness itself failed.
    pub fn harness(why: impl fmt::Display) -> Self {
        Trouble::HarnessFault {
            why: why.to_string(),
        }
    }

    /// The machine refused something the harness needs.
    pub fn infrastructure(why: impl fmt::Display) -> Self {
        Trouble::Infrastructure {
            why: why.to_string(),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trouble::BlockedBy { id } => write!(f, "blocked by {id}"),
            Trouble::Vacuous { why } => write!(f, "vacuous: {why}"),
            Trouble::HarnessFault { why } => write!(f, "harness fault: {why}"),
            Trouble::Infrastructure { why } => write!(f, "infrastructure: {why}"),
        }
    }
}

/// How a plugin was lost while a judge was using it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Manner {
    /// It never got as far as a usable handshake line.
    Line,
    /// It printed the line, but no channel came up.
    Channel,
    /// The process ended while a call was in flight.
    Crash,
    /// A call reached its deadline.
    Hang,
}

/// A call or launch that ended because the plugin was no longer there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// How it was lost.
    pub manner: Manner,
    /// The requirement this breach belongs to, where the place that saw it
    /// knows; else the suite's table decides by `manner`.
    pub root: Option<&'static str>,
    /// What was seen, ready to be a finding of the root.
    pub finding: Box<Finding>,
}

/// What ends a judge early, through `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// The harness could not judge: becomes `Unknown`.
    Trouble(Trouble),
    /// The plugin died or hung: becomes a failure of the check in flight and
    /// of the requirement the breach belongs to.
    Lost(Lost),
}

impl From<Trouble> for Stopped {
    fn from(trouble: Trouble) -> Self {
        Stopped::Trouble(trouble)
    }
}

impl From<Lost> for Stopped {
    fn from(lost: Lost) -> Self {
        Stopped::Lost(lost)
    }
}

/// What a judge returns. A plugin's fault is a value (`Verdict::Fail`).
pub type Judgement = Result<Verdict, Stopped>;
