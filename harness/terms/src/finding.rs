//! One observed breach and what proves it.

use serde::{Deserialize, Serialize};
use std::fmt::Write;

/// One observed breach of one requirement or rule.
///
/// Texts may hold bytes the plugin chose; whoever prints them escapes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What was seen, in one line, without paths, pids or times that differ
    /// between equal runs.
    pub message: String,
    /// Where the reader should look.
    pub place: Place,
    /// What the promise demands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What came instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actual: Option<String>,
    /// What usually causes it, and what to change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What proves it.
    #[serde(default)]
    pub evidence: Evidence,
}

/// Bytes of one text that a plugin may have chosen.
const TEXT_BYTES: usize = 4 << 10;

/// The text, cut to a bounded length; what is left out is counted.
fn bounded(text: impl Into<String>) -> String {
    let mut text: String = text.into();
    if text.len() > TEXT_BYTES {
        let end = text.floor_char_boundary(TEXT_BYTES);
        let rest = text.len() - end;
        text.truncate(end);
        text.shrink_to_fit();
        let _ = write!(text, "… (+{rest} bytes)");
    }
    text
}

impl Finding {
    /// A finding about the process as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Finding {
            message: bounded(message),
            place: Place::Process,
            expected: None,
            actual: None,
            hint: None,
            evidence: Evidence::default(),
        }
    }

    /// Sets where to look.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Sets what the promise demands.
    #[must_use]
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = Some(bounded(text));
        self
    }

    /// Sets what came instead.
    #[must_use]
    pub fn actual(mut self, text: impl Into<String>) -> Self {
        self.actual = Some(bounded(text));
        self
    }

    /// Sets what usually causes it.
    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hint = Some(bounded(text));
        self
    }

    /// Adds the proof.
    #[must_use]
    pub fn with(mut self, evidence: Evidence) -> Self {
        self.evidence = evidence;
        self
    }
}

/// Where the reader should look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum Place {
    /// The plugin process as a whole.
    Process,
    /// The handshake line; fields count from 1, 0 is the line as a whole.
    Handshake {
        /// The field.
        field: u8,
    },
    /// A call of the transcript, by method.
    Call {
        /// Full method name, `package.Service/Method`.
        method: String,
    },
    /// One line of the plugin's output.
    Output {
        /// `stdout`, `stderr` or `stdio`.
        stream: String,
        /// The line, from 1.
        line: u64,
    },
}

/// What proves a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// What went over the wire around the breach, oldest first.
    pub transcript: Vec<TranscriptLine>,
    /// The plugin's last stderr lines, oldest first.
    pub stderr: Vec<String>,
    /// The bytes or lines the finding is about, as text.
    pub excerpt: Vec<String>,
}

/// One event between host and plugin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TranscriptLine {
    /// Microseconds since the process was started.
    pub at_us: u64,
    /// Who acted.
    pub direction: Direction,
    /// The method, or the step of the process's life.
    pub what: String,
    /// Payload, status or detail, cut to a bounded length.
    pub detail: String,
}

/// Who acted in a line of the transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The host sent something to the plugin.
    ToPlugin,
    /// The plugin sent something to the host.
    FromPlugin,
    /// Something happened to the process.
    Process,
}
