//! Fifty starts and stops, seen once a run and read by every check of what
//! shows in some starts only.

use futures::future::join_all;
use host::process::Exit;
use host::{Launch, LaunchRecord, Limits};
use runner::Case;
use std::sync::Arc;
use terms::{Stopped, Trouble};

/// How many.
pub(crate) const LAUNCHES: usize = 50;
/// Started side by side.
const SIDE_BY_SIDE: usize = 5;
/// How much longer a stop may take here than LIFE-006 allows: whether it
/// succeeds is asked, not when.
const PATIENCE: u32 = 5;

/// One start, and the stop of what came up.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    /// What was seen of the start.
    pub(crate) record: LaunchRecord,
    /// How the process ended after Shutdown; none where no channel came up or
    /// a signal had to end it.
    pub(crate) exit: Option<Exit>,
}

impl Life {
    /// Whether a channel came up.
    pub(crate) fn came_up(&self) -> bool {
        matches!(self.record.channel, Some(Ok(_)))
    }
}

/// The fifty lives of this run.
pub(crate) async fn fifty_launches(case: &Case) -> Result<Arc<Vec<Life>>, Stopped> {
    case.lend("fifty launches", async |case| {
        let mut lives = Vec::with_capacity(LAUNCHES);
        while lives.len() < LAUNCHES {
            let some = join_all((0..SIDE_BY_SIDE).map(|_| life(case))).await;
            for life in some {
                lives.push(life?);
            }
            // A plugin that never starts, or never stops, is not started fifty
            // times.
            if lives.len() >= 2 * SIDE_BY_SIDE
                && !lives
                    .iter()
                    .any(|life| life.came_up() && life.exit.is_some())
            {
                break;
            }
        }
        Ok(lives)
    })
    .await
}

async fn life(case: &Case) -> Result<Life, Trouble> {
    let usual = case.limits();
    let launch = Launch {
        limits: Some(Limits {
            shutdown: usual.shutdown * PATIENCE,
            exit: usual.exit * PATIENCE,
            ..usual.clone()
        }),
        ..case.base()
    };
    match case.attempt(&launch).await? {
        Err(record) => Ok(Life {
            record: *record,
            exit: None,
        }),
        Ok(mut session) => {
            let record = session.record().clone();
            let stopped = session.stop().await;
            let exit = stopped.aftermath.exit.filter(|_| !stopped.terminated);
            Ok(Life { record, exit })
        }
    }
}
