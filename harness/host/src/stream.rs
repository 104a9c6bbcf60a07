//! Where a stream stands that a host opens once and holds open for the life of
//! a plugin: go-plugin's stdio, and its broker.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tonic::{Code, Status};

/// How long a refusal of the stream may be under way.
const SETTLED: Duration = Duration::from_millis(500);

/// Where the stream stands.
#[derive(Debug, Clone, Default)]
pub enum StreamState {
    /// Opened, and not ended; also before the first message.
    #[default]
    Open,
    /// The plugin ended it without an error.
    Ended,
    /// The plugin, or a lost connection, ended it with a status.
    Failed(Status),
}

impl StreamState {
    /// Whether the stream is open, as far as is known.
    pub fn is_open(&self) -> bool {
        matches!(self, StreamState::Open)
    }

    /// Whether the plugin does not serve it at all.
    pub fn is_missing(&self) -> bool {
        matches!(self, StreamState::Failed(status) if status.code() == Code::Unimplemented)
    }
}

/// A stream's state, shared by who reads it and who asks. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    opened: Instant,
    state: Arc<Mutex<StreamState>>,
}

impl Standing {
    /// Of a stream that is opened now.
    pub(crate) fn new() -> Self {
        Standing {
            opened: Instant::now(),
            state: Arc::default(),
        }
    }

    pub(crate) fn set(&self, state: StreamState) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    pub(crate) fn get(&self) -> StreamState {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    /// The state once a refusal has had time to arrive: servers with several
    /// threads answer later calls before it.
    pub(crate) async fn settled(&self) -> StreamState {
        while self.get().is_open() && self.opened.elapsed() < SETTLED {
            tokio::time::sleep(SETTLED / 50).await;
        }
        self.get()
    }
}
