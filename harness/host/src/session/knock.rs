//! Streams the host opens over a multiplexed connection.

use super::Session;
use crate::call::Caller;
use crate::channel::{self, ChannelFacts, ChannelFailure, Step};
use crate::multiplex::{Multiplex, Sight};
use proto::goplugin::{ConnInfo, conn_info::Knock};
use std::time::Duration;
use tonic::transport::Channel;

/// How a knock of the host ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnockEnd {
    /// The plugin takes the next stream for the id.
    Acknowledged,
    /// It does not, for this reason.
    Refused(String),
    /// The first answer was for another id.
    OtherId(u32),
    /// No answer came in time.
    Silence,
}

impl Session {
    /// Knocks for a server of the plugin and waits for the answer.
    pub async fn knock(&mut self, id: u32) -> KnockEnd {
        let limit = self.limits().multiplex;
        let Some(porch) = self.multiplex().map(|multiplex| multiplex.porch().clone()) else {
            return KnockEnd::Silence;
        };
        let answers = |sights: &[Sight]| -> Vec<(u32, String)> {
            let answer = |sight: &Sight| match sight {
                Sight::Acknowledgement { id, error } => Some((*id, error.clone())),
                _ => None,
            };
            sights.iter().filter_map(answer).collect()
        };
        let before = answers(&porch.sights()).len();
        let info = ConnInfo {
            service_id: id,
            knock: Some(Knock {
                knock: true,
                ack: false,
                error: String::new(),
            }),
            ..ConnInfo::default()
        };
        if let Some(broker) = self.broker() {
            broker.announce(info).await;
        }
        porch
            .wait_for(limit, |sights| answers(sights).len() > before)
            .await;
        match answers(&porch.sights()).into_iter().nth(before) {
            None => KnockEnd::Silence,
            Some((other, _)) if other != id => KnockEnd::OtherId(other),
            Some((_, error)) if error.is_empty() => KnockEnd::Acknowledged,
            Some((_, error)) => KnockEnd::Refused(error),
        }
    }

    /// A channel over a stream that an acknowledged knock was for.
    ///
    /// # Errors
    ///
    /// The step that broke.
    pub async fn dial_knocked(&mut self) -> Result<Caller, ChannelFailure> {
        let limit = self.limits().multiplex;
        let Some(multiplex) = self.multiplex() else {
            return Err(ChannelFailure::new(
                Step::Unmultiplexed,
                &"the connection is not multiplexed",
            ));
        };
        let channel = self.further_stream(multiplex, limit).await?;
        Ok(Caller::new(channel, self.transcript().clone(), limit))
    }

    /// A channel over one more stream.
    pub(super) async fn further_stream(
        &self,
        multiplex: &Multiplex,
        limit: Duration,
    ) -> Result<Channel, ChannelFailure> {
        let mut facts = ChannelFacts::default();
        let opened = tokio::time::timeout(limit, async {
            let stream = multiplex.stream().await;
            let stream = stream.map_err(|error| ChannelFailure::new(Step::Multiplex, &error))?;
            self.target().wrap(stream, &mut facts).await
        });
        let io = opened
            .await
            .map_err(|_| ChannelFailure::timed_out(Step::Multiplex, limit))??;
        channel::over(io, limit).await
    }
}
