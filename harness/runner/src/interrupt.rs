//! Ending a run before its time.

use std::time::Duration;
use tokio::sync::watch;

/// Why a run ends early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Whoever started it, or who read its output, wants no more.
    User,
    /// The time the whole run may take is over.
    Deadline,
}

/// A handle on a run: whoever holds a clone can end it.
#[derive(Debug, Clone)]
pub struct Interrupt {
    cause: watch::Sender<Option<Cause>>,
}

/// Pause between two looks at processes that were asked to end.
const LOOKS: Duration = Duration::from_millis(10);

impl Default for Interrupt {
    fn default() -> Self {
        Interrupt {
            cause: watch::Sender::new(None),
        }
    }
}

impl Interrupt {
    /// Ends the run: nothing new starts, and every plugin is asked to end. The
    /// first cause counts; whether this was it.
    pub fn end(&self, cause: Cause) -> bool {
        // Judges stop listening first, so that nobody judges an end of ours.
        let first = self.cause.send_if_modified(|known| {
            let first = known.is_none();
            known.get_or_insert(cause);
            first
        });
        if first {
            host::process::terminate_all();
        }
        first
    }

    /// Why the run ends early, if it does.
    pub fn cause(&self) -> Option<Cause> {
        *self.cause.borrow()
    }

    /// Waits until the run is ended early.
    pub(crate) async fn ended(&self) {
        let mut cause = self.cause.subscribe();
        // The sender lives as long as this borrow of it.
        let _ = cause.wait_for(Option::is_some).await;
    }
}

/// Waits until the plugins that were asked to end have ended, at most `limit`.
pub(crate) async fn plugins_ended(limit: Duration) {
    let deadline = tokio::time::Instant::now() + limit;
    while !host::process::all_ended() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(LOOKS).await;
    }
}
