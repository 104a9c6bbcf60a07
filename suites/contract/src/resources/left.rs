//! What is left of a life with some work in it: seen once a run in each mode.

use crate::operation::Operation;
use host::Launch;
use host::session::StopRecord;
use runner::Case;
use std::path::PathBuf;
use std::sync::Arc;
use terms::Stopped;

/// Light operations of one life.
const OPERATIONS: usize = 3;

/// What was in the private directory after the end of one life.
#[derive(Debug, Clone)]
pub(super) struct Left {
    /// The announced socket.
    pub(super) socket: Option<PathBuf>,
    /// Everything else.
    pub(super) files: Vec<PathBuf>,
    /// Length of all of them, in bytes.
    pub(super) bytes: u64,
}

/// One life in each mode that comes up. One that ended before it was told to,
/// or had to be killed, could not clean up and is left out.
pub(super) async fn left(case: &Case) -> Result<Arc<Vec<Left>>, Stopped> {
    case.lend("what is left", async |case| {
        let mut all = Vec::new();
        for launch in [Launch::default(), Launch::auto_mtls()] {
            if case.came_up(launch.mode()) {
                all.extend(life(case, &launch).await?);
            }
        }
        Ok(all)
    })
    .await
}

/// A call that is lost is judged elsewhere; here only what is left counts.
async fn life(case: &Case, launch: &Launch) -> Result<Option<Left>, Stopped> {
    let mut session = case.launch(launch).await?;
    if let Ok(Some(operation)) = Operation::of(&mut session).await {
        let _server = session.attach().await;
        for _ in 0..OPERATIONS {
            if !operation.call(&session.caller()).await.replied() {
                break;
            }
        }
    }
    let ended = session.exited().is_some();
    let StopRecord {
        killed, aftermath, ..
    } = session.stop().await;
    if ended || killed {
        return Ok(None);
    }
    let socket = aftermath.socket;
    let mut files = aftermath.files;
    files.retain(|file| Some(file) != socket.as_ref());
    Ok(Some(Left {
        socket,
        files,
        bytes: aftermath.bytes,
    }))
}
