//! The host's door of a multiplexed connection: a plugin knocks for an id, is
//! answered, and the next stream it opens is given to that id.

use crate::channel::BoxIo;
use proto::goplugin::{ConnInfo, conn_info::Knock};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc};

/// Sights kept, and knocks that may wait at a time.
const KEEP: usize = 1024;

/// Knocks, answers and streams of one connection. Clones share them.
#[derive(Debug, Clone)]
pub struct Porch {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    patience: Duration,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    answer: Answer,
    doors: HashMap<u32, mpsc::Sender<BoxIo>>,
    waiting: VecDeque<Waiting>,
    sights: Vec<Sight>,
}

/// A knock whose stream has not come.
#[derive(Debug)]
struct Waiting {
    id: u32,
    since: Instant,
    acknowledged: bool,
}

/// How the host answers a knock for an id that it serves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Answer {
    /// With an acknowledgement, at once.
    #[default]
    Yes,
    /// The same after this time.
    Late(Duration),
    /// With an error of this text.
    No(String),
    /// Not at all.
    Silence,
}

/// What was seen at the door, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// The plugin knocked.
    Knock {
        /// For this id.
        id: u32,
        /// While an earlier knock still waited for its stream.
        early: bool,
    },
    /// The plugin opened a stream.
    Stream {
        /// For this id; none where no acknowledged knock was waiting.
        id: Option<u32>,
    },
    /// The plugin acknowledged a knock, rightly or not.
    Acknowledgement {
        /// For this id.
        id: u32,
        /// Its error; empty where the knock was accepted.
        error: String,
    },
}

/// A reply to a knock, and when it is due.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) after: Duration,
    pub(crate) info: ConnInfo,
}

impl Porch {
    pub(crate) fn new(patience: Duration) -> Self {
        Porch {
            shared: Arc::new(Shared {
                patience,
                state: Mutex::default(),
                changed: Notify::new(),
            }),
        }
    }

    /// From now on knocks are answered so.
    pub fn answer(&self, answer: Answer) {
        self.lock().answer = answer;
    }

    /// What was seen so far, oldest first.
    pub fn sights(&self) -> Vec<Sight> {
        self.lock().sights.clone()
    }

    /// Waits until `wanted` says yes to what was seen, at most `limit`.
    pub async fn wait_for(&self, limit: Duration, wanted: impl Fn(&[Sight]) -> bool) -> bool {
        tokio::time::timeout(limit, async {
            loop {
                let changed = self.shared.changed.notified();
                if wanted(&self.lock().sights) {
                    return;
                }
                changed.await;
            }
        })
        .await
        .is_ok()
    }

    /// Streams for this id go there.
    pub(crate) fn open_door(&self, id: u32, door: mpsc::Sender<BoxIo>) {
        self.lock().doors.insert(id, door);
    }

    /// Takes a knock of the plugin; the reply, if there is to be one.
    pub(crate) fn knocked(&self, id: u32) -> Option<Reply> {
        let mut state = self.lock();
        let patience = self.shared.patience;
        // What is older has been given up by the plugin.
        state
            .waiting
            .retain(|waiting| waiting.since.elapsed() < patience);
        let early = !state.waiting.is_empty();
        state.see(Sight::Knock { id, early });
        let (after, error) = match &state.answer {
            Answer::Silence => (None, String::new()),
            Answer::No(text) => (Some(Duration::ZERO), text.clone()),
            _ if !state.doors.contains_key(&id) => {
                (Some(Duration::ZERO), format!("no listener for id {id}"))
            }
            Answer::Yes => (Some(Duration::ZERO), String::new()),
            Answer::Late(after) => (Some(*after), String::new()),
        };
        if error.is_empty() && state.waiting.len() < KEEP {
            state.waiting.push_back(Waiting {
                id,
                since: Instant::now(),
                acknowledged: false,
            });
        }
        drop(state);
        self.shared.changed.notify_waiters();
        let knock = Knock {
            knock: true,
            ack: true,
            error,
        };
        after.map(|after| Reply {
            after,
            info: ConnInfo {
                service_id: id,
                knock: Some(knock),
                ..ConnInfo::default()
            },
        })
    }

    /// The reply is on its way: a stream may follow now.
    pub(crate) fn replied(&self, id: u32) {
        let mut state = self.lock();
        let unanswered = |waiting: &&mut Waiting| waiting.id == id && !waiting.acknowledged;
        if let Some(waiting) = state.waiting.iter_mut().find(unanswered) {
            waiting.acknowledged = true;
        }
    }

    /// Takes an acknowledgement of the plugin.
    pub(crate) fn acknowledged(&self, id: u32, error: &str) {
        self.lock().see(Sight::Acknowledgement {
            id,
            error: error.chars().take(200).collect(),
        });
        self.shared.changed.notify_waiters();
    }

    /// Takes a stream of the plugin. One that no acknowledged knock announced
    /// has nobody to go to.
    pub(crate) fn arrived(&self, stream: BoxIo) {
        let mut state = self.lock();
        let next = state
            .waiting
            .iter()
            .position(|waiting| waiting.acknowledged);
        let id = next
            .and_then(|next| state.waiting.remove(next))
            .map(|waiting| waiting.id);
        if let Some(door) = id.and_then(|id| state.doors.get(&id)) {
            // A server that is gone, or swamped, takes none.
            let _ = door.try_send(stream);
        }
        state.see(Sight::Stream { id });
        drop(state);
        self.shared.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn see(&mut self, sight: Sight) {
        if self.sights.len() < KEEP {
            self.sights.push(sight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream() -> BoxIo {
        Box::new(tokio::io::duplex(1).0)
    }

    fn porch() -> (Porch, mpsc::Receiver<BoxIo>) {
        let porch = Porch::new(Duration::from_mins(1));
        let (door, streams) = mpsc::channel(4);
        porch.open_door(1, door);
        (porch, streams)
    }

    fn error(porch: &Porch, id: u32) -> String {
        let reply = porch.knocked(id).expect("an answer");
        porch.replied(id);
        reply.info.knock.expect("a knock").error
    }

    #[test]
    fn a_stream_goes_to_the_id_that_was_acknowledged() {
        let (porch, mut streams) = porch();
        assert_eq!(error(&porch, 1), "");
        porch.arrived(stream());
        assert!(streams.try_recv().is_ok());
        porch.arrived(stream());
        assert!(streams.try_recv().is_err());
        assert_eq!(
            porch.sights(),
            [
                Sight::Knock {
                    id: 1,
                    early: false
                },
                Sight::Stream { id: Some(1) },
                Sight::Stream { id: None },
            ]
        );
    }

    #[test]
    fn a_knock_before_the_last_one_was_served_is_early() {
        let (porch, _streams) = porch();
        assert_eq!(error(&porch, 1), "");
        assert_eq!(error(&porch, 1), "");
        assert_eq!(
            porch.sights().last(),
            Some(&Sight::Knock { id: 1, early: true })
        );
    }

    #[test]
    fn nothing_may_follow_a_refusal_or_come_before_the_answer() {
        let (porch, _streams) = porch();
        assert_eq!(error(&porch, 7), "no listener for id 7");
        porch.arrived(stream());
        porch.answer(Answer::Silence);
        assert!(porch.knocked(1).is_none());
        porch.arrived(stream());
        let streams = porch.sights();
        let streams = streams
            .iter()
            .filter(|sight| matches!(sight, Sight::Stream { .. }));
        assert!(
            streams.clone().count() == 2
                && streams
                    .clone()
                    .all(|sight| *sight == Sight::Stream { id: None })
        );
    }
}
