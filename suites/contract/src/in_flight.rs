//! A call that a plugin is in the middle of, for checks of what happens
//! meanwhile.

use host::{CallEnd, Session};
use std::time::Duration;
use terms::Stopped;
use tokio::task::JoinHandle;

/// How long a call must not have ended to count as in flight.
const SETTLES: Duration = Duration::from_millis(200);

/// A call in flight.
pub(crate) struct InFlight {
    task: JoinHandle<CallEnd<()>>,
}

impl InFlight {
    /// Attach, with an advertisement that never comes: a plugin waits for it.
    /// None where the plugin is not Aperio's or answers without waiting.
    pub(crate) async fn hold(session: &mut Session) -> Result<Option<Self>, Stopped> {
        if !session.plugin().is_aperio() {
            return Ok(None);
        }
        let call = session.attach_in_vain().await?;
        let task = tokio::spawn(async move { call.await.map(|_| ()) });
        tokio::time::sleep(SETTLES).await;
        Ok((!task.is_finished()).then_some(InFlight { task }))
    }

    /// Whether the call has ended by now.
    pub(crate) fn has_ended(&self) -> bool {
        self.task.is_finished()
    }

    /// How it ended, waited for at most `limit`.
    pub(crate) async fn end(self, limit: Duration) -> Option<CallEnd<()>> {
        tokio::time::timeout(limit, self.task).await.ok()?.ok()
    }
}
