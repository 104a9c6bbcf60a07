//! The host's end of the plugin's broker stream.

use crate::multiplex::Porch;
use crate::stream::{Standing, StreamState};
use proto::goplugin::ConnInfo;
use proto::goplugin::grpc_broker_client::GrpcBrokerClient;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

/// Announcements kept from the plugin.
const KEEP: usize = 1024;
/// Bytes of addresses kept with them.
const KEEP_BYTES: usize = 128 << 10;
/// Largest announcement taken, in bytes; a larger one ends the stream.
const ANNOUNCEMENT_BYTES: usize = 16 << 10;

/// One broker stream, open for the life of the session.
#[derive(Debug)]
pub struct Broker {
    sender: Option<mpsc::Sender<ConnInfo>>,
    standing: Standing,
    heard: Arc<Mutex<Heard>>,
    reader: JoinHandle<()>,
}

/// What the plugin announced, as far as it is kept.
#[derive(Debug, Default)]
struct Heard {
    announced: Vec<ConnInfo>,
    bytes: usize,
}

impl Broker {
    /// Opens the stream. The call runs on its own: servers send no headers
    /// before their first message, so waiting for them would hang.
    ///
    /// Over a multiplexed connection knocks are answered as its `porch` says.
    pub(crate) fn open(channel: Channel, porch: Option<Porch>) -> Self {
        let (sender, outgoing) = mpsc::channel(64);
        let heard = Arc::<Mutex<Heard>>::default();
        let sink = Arc::clone(&heard);
        let standing = Standing::new();
        let told = standing.clone();
        // The stream lasts as long as the host's end of it, not this task.
        let replies = sender.downgrade();
        let reader = tokio::spawn(async move {
            let mut client =
                GrpcBrokerClient::new(channel).max_decoding_message_size(ANNOUNCEMENT_BYTES);
            let end = match client.start_stream(ReceiverStream::new(outgoing)).await {
                Err(status) => StreamState::Failed(status),
                Ok(response) => {
                    let mut stream = response.into_inner();
                    loop {
                        match stream.message().await {
                            Ok(Some(info)) => {
                                if let Some(porch) = &porch {
                                    answer(porch, &info, &replies);
                                }
                                lock(&sink).take(info);
                            }
                            Ok(None) => break StreamState::Ended,
                            Err(status) => break StreamState::Failed(status),
                        }
                    }
                }
            };
            told.set(end);
        });
        Broker {
            sender: Some(sender),
            standing,
            heard,
            reader,
        }
    }

    /// Announces a server of the host, or sends any odd announcement; whether
    /// the stream took it.
    pub async fn announce(&self, info: ConnInfo) -> bool {
        match &self.sender {
            Some(sender) => sender.send(info).await.is_ok(),
            None => false,
        }
    }

    /// Where the stream stands.
    pub fn state(&self) -> StreamState {
        self.standing.get()
    }

    /// The same, once a refusal has had time to arrive.
    pub async fn settled(&self) -> StreamState {
        self.standing.settled().await
    }

    /// What the plugin announced so far.
    pub fn announced(&self) -> Vec<ConnInfo> {
        lock(&self.heard).announced.clone()
    }

    /// Ends the host's half, as a host does right before Shutdown.
    pub fn close(&mut self) {
        self.sender = None;
    }
}

/// Answers a knock, and notes an acknowledgement.
fn answer(porch: &Porch, info: &ConnInfo, replies: &mpsc::WeakSender<ConnInfo>) {
    let Some(knock) = info.knock.as_ref().filter(|knock| knock.knock) else {
        return;
    };
    let id = info.service_id;
    if knock.ack {
        return porch.acknowledged(id, &knock.error);
    }
    let Some(reply) = porch.knocked(id) else {
        return;
    };
    let (porch, replies) = (porch.clone(), replies.clone());
    tokio::spawn(async move {
        tokio::time::sleep(reply.after).await;
        if let Some(replies) = replies.upgrade() {
            porch.replied(id);
            let _ = replies.send(reply.info).await;
        }
    });
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Heard {
    fn take(&mut self, info: ConnInfo) {
        self.bytes += info.network.len() + info.address.len();
        if self.announced.len() < KEEP && self.bytes <= KEEP_BYTES {
            self.announced.push(info);
        }
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
