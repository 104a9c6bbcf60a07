//! A plugin that dials its host over a multiplexed connection.

use super::START_STREAM;
use super::dial_back::{DialBack, open};
use crate::multiplexed;
use crate::observed::not_aperios;
use host::multiplex::{Porch, Sight};
use host::services::{HostServer, Listen};
use host::session::ATTACH;
use host::{CallEnd, Mode, Session};
use proto::aperio::plugin::v1 as api;
use runner::Case;
use std::time::Duration;
use terms::{Finding, Place, Stopped, Trouble, Verdict};

/// Why a check of knocks has nothing to look at in this mode.
pub(super) async fn out_of_reach(case: &Case, mode: Mode) -> Result<Option<Verdict>, Stopped> {
    if !case.plugin().is_aperio() {
        return Ok(Some(not_aperios()));
    }
    let record = multiplexed::seen(case, mode).await?;
    if let Some(verdict) = multiplexed::out_of_reach(&record) {
        return Ok(Some(verdict));
    }
    let seen = DialBack::seen(case, mode).await?;
    Ok(seen.and_then(|seen| seen.out_of_reach()))
}

/// A multiplexed session, and a server of its host that the plugin may knock
/// for under `id`.
pub(super) struct Visit {
    pub(super) session: Session,
    pub(super) server: HostServer,
    pub(super) porch: Porch,
    pub(super) id: u32,
}

impl Visit {
    pub(super) async fn begin(case: &Case, mode: Mode) -> Result<Self, Stopped> {
        let mut session = case.launch(&multiplexed::launch(mode)).await?;
        let server = open(&session, &Listen::Streams).await?;
        // An id that no plugin would hit by guessing the first.
        let id = (0..3).fold(0, |_, _| session.next_broker_id());
        session.advertise(id, &server).await;
        let Some(porch) = session
            .multiplex()
            .map(|multiplex| multiplex.porch().clone())
        else {
            return Err(Trouble::harness("a multiplexed launch has no such connection").into());
        };
        Ok(Visit {
            session,
            server,
            porch,
            id,
        })
    }

    /// Attach, with at most this time for its end.
    pub(super) async fn attach(&mut self, limit: Duration) -> Result<CallEnd<()>, Stopped> {
        let request = self.session.attach_request(self.id).await?;
        let caller = self.session.caller().within(limit);
        let end = caller
            .unary::<_, api::AttachResponse>(ATTACH, request)
            .await;
        Ok(self.session.settle(end).await.map(|_| ()))
    }

    /// The ids the plugin knocked for, in order.
    pub(super) fn knocks(&self) -> Vec<u32> {
        let knock = |sight: &Sight| match sight {
            Sight::Knock { id, .. } => Some(*id),
            _ => None,
        };
        self.porch.sights().iter().filter_map(knock).collect()
    }

    /// How many streams came, for these sights.
    pub(super) fn count(&self, wanted: impl Fn(&Sight) -> bool) -> usize {
        self.porch
            .sights()
            .iter()
            .filter(|sight| wanted(sight))
            .count()
    }

    /// A finding of this visit.
    pub(super) fn finding(&self, text: &str) -> Finding {
        Finding::new(text)
            .at(Place::Call {
                method: START_STREAM.to_owned(),
            })
            .with(self.session.evidence())
    }
}

/// A stream of the plugin that no acknowledged knock was waiting for.
pub(super) fn is_unannounced(sight: &Sight) -> bool {
    *sight == Sight::Stream { id: None }
}
