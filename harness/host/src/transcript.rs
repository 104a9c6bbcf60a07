//! What went between host and plugin, for evidence.

use std::sync::{Arc, Mutex};
use std::time::Instant;
use terms::{Direction, TranscriptLine};

/// Lines kept; the first half and the newest survive.
const MOST: usize = 400;
/// Characters of detail kept per line.
const DETAIL: usize = 400;

/// The events of one launch, oldest first. Clones share one list.
#[derive(Debug, Clone)]
pub struct Transcript {
    started: Instant,
    lines: Arc<Mutex<Vec<TranscriptLine>>>,
}

impl Transcript {
    /// An empty transcript whose clock starts now.
    pub fn new(started: Instant) -> Self {
        Transcript {
            started,
            lines: Arc::default(),
        }
    }

    /// Adds one event.
    pub fn add(&self, direction: Direction, what: impl Into<String>, detail: impl AsRef<str>) {
        let detail: String = detail.as_ref().chars().take(DETAIL).collect();
        let line = TranscriptLine {
            at_us: u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            direction,
            what: what.into(),
            detail,
        };
        let mut lines = self.lock();
        if lines.len() >= MOST {
            lines.remove(MOST / 2);
        }
        lines.push(line);
    }

    /// The last `most` events, oldest first.
    pub fn tail(&self, most: usize) -> Vec<TranscriptLine> {
        let lines = self.lock();
        lines[lines.len().saturating_sub(most)..].to_vec()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<TranscriptLine>> {
        self.lines
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
