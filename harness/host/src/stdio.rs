//! The plugin's StreamStdio: opened once, drained for ever.

use crate::stream::{Standing, StreamState};
use proto::goplugin::StdioData;
use proto::goplugin::grpc_stdio_client::GrpcStdioClient;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// Pieces kept; the rest is counted.
const KEEP: usize = 4096;
/// Largest piece taken, in bytes; a larger one ends the stream. A bit more
/// than any runtime takes unless it is told to take more.
const PIECE_BYTES: usize = (4 << 20) + (1 << 10);

/// What the stdio stream has carried so far.
#[derive(Debug)]
pub struct Stdio {
    standing: Standing,
    heard: Arc<Mutex<Heard>>,
    reader: JoinHandle<()>,
}

/// One labelled piece of output. Its bytes are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The channel number as sent: 1 is stdout, 2 is stderr.
    pub channel: i32,
    /// Length of the piece, in bytes.
    pub length: usize,
}

#[derive(Debug, Default)]
struct Heard {
    chunks: Vec<Chunk>,
    bytes: u64,
}

impl Stdio {
    /// Opens the stream. The call runs on its own: servers send no headers
    /// before their first message, so waiting for them would hang.
    pub fn open(channel: Channel) -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let sink = Arc::clone(&heard);
        let standing = Standing::new();
        let told = standing.clone();
        let reader = tokio::spawn(async move {
            let mut client = GrpcStdioClient::new(channel).max_decoding_message_size(PIECE_BYTES);
            let end = match client.stream_stdio(()).await {
                Err(status) => StreamState::Failed(status),
                Ok(response) => {
                    let mut stream = response.into_inner();
                    loop {
                        match stream.message().await {
                            Ok(Some(data)) => lock(&sink).take(&data),
                            Ok(None) => break StreamState::Ended,
                            Err(status) => break StreamState::Failed(status),
                        }
                    }
                }
            };
            told.set(end);
        });
        Stdio {
            standing,
            heard,
            reader,
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

    /// The pieces kept so far, oldest first.
    pub fn chunks(&self) -> Vec<Chunk> {
        lock(&self.heard).chunks.clone()
    }

    /// Bytes carried, kept or not.
    pub fn byte_count(&self) -> u64 {
        lock(&self.heard).bytes
    }
}

impl Drop for Stdio {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Heard {
    fn take(&mut self, data: &StdioData) {
        self.bytes += data.data.len() as u64;
        if self.chunks.len() < KEEP {
            self.chunks.push(Chunk {
                channel: data.channel,
                length: data.data.len(),
            });
        }
    }
}

fn lock(heard: &Mutex<Heard>) -> MutexGuard<'_, Heard> {
    heard
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_stream_is_counted_and_not_kept() {
        let mut heard = Heard::default();
        for _ in 0..5000 {
            heard.take(&StdioData {
                channel: 1,
                data: vec![7; 1000].into(),
            });
        }
        heard.take(&StdioData::default());
        assert_eq!(heard.bytes, 5_000_000);
        assert_eq!(heard.chunks.len(), KEEP);
        assert!(heard.chunks.iter().all(|chunk| chunk.length == 1000));
    }
}
