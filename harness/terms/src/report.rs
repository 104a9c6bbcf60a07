//! The whole result of a run, as one serialisable value.

use crate::{Level, SkipReason, Trouble, Verdict};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The result of a run. Two runs over the same plugin differ in times only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Version of this shape; rises when a field changes its meaning.
    pub schema: u32,
    /// Version of the harness.
    pub harness: String,
    /// Interface judged by, as `MAJOR.MINOR.PATCH`; none outside Aperio's
    /// contract.
    pub interface: Option<String>,
    /// `aperio` or `go-plugin`.
    pub contract: String,
    /// `quick` or `soak`: how long idle waits were.
    pub effort: String,
    /// The seed as it was given; nothing is drawn from it yet.
    pub seed: u64,
    /// Factor on the host's limits; other than 1 they are not the contract's.
    /// Times that a requirement names itself are not scaled.
    pub timeout_scale: String,
    /// Whether a broken Should counts.
    pub strict: bool,
    /// What was judged.
    pub subject: Subject,
    /// The last word.
    pub conclusion: Conclusion,
    /// Exit code of the process.
    pub exit: u8,
    /// The run was cut short.
    pub incomplete: bool,
    /// A filter narrowed the selection.
    pub filtered: bool,
    /// Denominators.
    pub counts: Counts,
    /// Every judged requirement, sorted by id.
    pub results: Vec<Judged>,
    /// When the run started, RFC 3339, UTC.
    pub started: String,
    /// Duration in milliseconds.
    pub took_ms: u64,
}

/// The plugin that was judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// `publisher/name` as the plugin says, if it said so.
    pub id: Option<String>,
    /// Version as the plugin says.
    pub version: Option<String>,
    /// The started file.
    pub path: String,
    /// SHA-256 of the started file, 64 hex digits.
    pub sha256: Option<String>,
    /// Kinds the plugin declares.
    pub kinds: Vec<String>,
    /// Capabilities the plugin declares.
    pub capabilities: Vec<String>,
    /// The command as given.
    pub command: Vec<String>,
    /// The embedded reference plugin was judged for want of another.
    pub reference: bool,
}

/// The last line of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conclusion {
    /// Nothing that counts was broken and everything was judged.
    Conformant,
    /// A promise that counts was broken.
    NotConformant,
    /// Something could not be judged.
    CouldNotJudge,
    /// A filter took the positive conclusion away.
    NoVerdictFiltered,
    /// The run was interrupted.
    NoVerdictInterrupted,
    /// The selection was empty.
    NothingSelected,
    /// No plugin of the user's was tested.
    ReferencePluginOnly,
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Conclusion::Conformant => "CONFORMANT",
            Conclusion::NotConformant => "NOT CONFORMANT",
            Conclusion::CouldNotJudge => "COULD NOT JUDGE",
            Conclusion::NoVerdictFiltered => "NO VERDICT (filtered run)",
            Conclusion::NoVerdictInterrupted => "NO VERDICT (interrupted)",
            Conclusion::NothingSelected => "NOTHING SELECTED",
            Conclusion::ReferencePluginOnly => {
                "REFERENCE PLUGIN ONLY (no plugin of yours was tested)"
            }
        })
    }
}

/// Denominators of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Everything but *not applicable*.
    pub applicable: u32,
    /// Applicable, and judged either way.
    pub exercised: u32,
    /// Passed, flaky ones included.
    pub passed: u32,
    /// Broken Musts.
    pub failed: u32,
    /// Broken Shoulds.
    pub warnings: u32,
    /// Broken Mays.
    pub notes: u32,
    /// Failed, then passed alone.
    pub flaky: u32,
    /// Not applicable or left out.
    pub skipped: u32,
    /// Could not be judged, the blocked ones included.
    pub unknown: u32,
    /// Blocked by another failure.
    pub blocked: u32,
    /// Musts that passed.
    pub must_passed: u32,
    /// Musts that apply.
    pub must: u32,
    /// Shoulds that passed.
    pub should_passed: u32,
    /// Shoulds that apply.
    pub should: u32,
}

/// One requirement with its verdict; the same shape in events and report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Requirement id.
    pub id: String,
    /// The promise in one line.
    pub title: String,
    /// Its weight.
    pub level: Level,
    /// First minor that holds it.
    pub since: String,
    /// What the check said.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What policy laid over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overlay: Option<Overlay>,
    /// What was left unjudged of it, or seen beside the verdict.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The checks that saw the breach, where the requirement's own did not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen_by: Vec<String>,
    /// One command that judges this requirement again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reproduce: Option<String>,
    /// Duration in milliseconds.
    pub took_ms: u64,
}

impl Judged {
    /// The checks whose repetition may show the breach again.
    pub fn witnesses(&self) -> Vec<&str> {
        if self.seen_by.is_empty() {
            vec![&self.id]
        } else {
            self.seen_by.iter().map(String::as_str).collect()
        }
    }

    /// A breach that fails the run under this strictness.
    pub fn counts_as_failure(&self, strictness: Strictness) -> bool {
        match self.overlay {
            Some(Overlay::Flaky) => strictness.flaky,
            None => {
                self.verdict.is_fail()
                    && match self.level {
                        Level::Must => true,
                        Level::Should => strictness.should,
                        Level::May => false,
                    }
            }
        }
    }

    /// The user, or an early end of the run, left it out.
    pub fn is_excluded(&self) -> bool {
        matches!(
            &self.verdict,
            Verdict::Skip {
                reason: SkipReason::Excluded
            }
        )
    }

    /// The promise does not apply to this plugin.
    pub fn is_not_applicable(&self) -> bool {
        matches!(
            &self.verdict,
            Verdict::Skip {
                reason: SkipReason::NotClaimed { .. }
                    | SkipReason::VersionWindow { .. }
                    | SkipReason::NewerThanHarness
            }
        )
    }

    /// Another failure took the ground away.
    pub fn blocked_by(&self) -> Option<&str> {
        match &self.verdict {
            Verdict::Unknown {
                trouble: Trouble::BlockedBy { id },
            } => Some(id),
            _ => None,
        }
    }
}

/// What fails a run beside a broken Must.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Strictness {
    /// A broken Should.
    pub should: bool,
    /// A failure that passed when it was tried again alone.
    pub flaky: bool,
}

/// What policy lays over a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Overlay {
    /// Failed, then passed when run again alone.
    Flaky,
}
