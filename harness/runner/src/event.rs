//! What is told while a run goes on.

use std::collections::BTreeMap;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, PoisonError};
use terms::{Judged, Verdict};

/// What happens while a run goes on. Events of parallel checks interleave.
#[derive(Debug, Clone)]
pub enum Event {
    /// A check is about to be judged.
    Started {
        /// Its id.
        id: &'static str,
    },
    /// A check was judged, and nothing later changes the result.
    Judged(Box<Judged>),
}

/// Tells each start once and each result once.
pub(crate) struct Teller<'a> {
    events: &'a Sender<Event>,
    told: Mutex<BTreeMap<String, Option<Verdict>>>,
}

impl<'a> Teller<'a> {
    pub(crate) fn new(events: &'a Sender<Event>) -> Self {
        Teller {
            events,
            told: Mutex::default(),
        }
    }

    pub(crate) fn started(&self, id: &'static str) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !told.contains_key(id) {
            told.insert(id.to_owned(), None);
            // Nobody listening is no reason to stop.
            let _ = self.events.send(Event::Started { id });
        }
    }

    pub(crate) fn judged(&self, judged: &Judged) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let before = told.insert(judged.id.clone(), Some(judged.verdict.clone()));
        if before.flatten().as_ref() != Some(&judged.verdict) {
            let _ = self.events.send(Event::Judged(Box::new(judged.clone())));
        }
    }
}
