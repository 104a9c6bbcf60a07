//! The plugin's StreamStdio: opened once, drained for ever.

use proto::goplugin::StdioData;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tonic::transport::Channel;

/// Bytes kept per run of the stream; the rest is counted.
const KEEP: usize = 256 << 10;
/// How long a refusal of the stream may be under way.
const SETTLED: Duration = Duration::from_millis(500);
/// Largest piece taken, in bytes; a larger one ends the stream. Twice what any
/// runtime takes unless it is told to take more.
const PIECE_BYTES: usize = 8 << 20;

/// What the stdio stream has carried so far.
#[derive(Debug)]
pub struct Stdio {
    state: Arc<Mutex<State>>,
    reader: JoinHandle<()>,
    opened: Instant,
}

/// One labelled piece of output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The channel number as sent: 1 is stdout, 2 is stderr.
    pub channel: i32,
    /// Length of the piece, in bytes.
    pub length: usize,
    /// Its bytes, as far as they fit the bound of the stream.
    pub bytes: Vec<u8>,
}

/// Where the stream stands.
#[derive(Debug, Clone, Default)]
pub enum StdioState {
    /// Opened, and not ended; also before the first byte.
    #[default]
    Open,
    /// The plugin ended it without an error.
    Ended,
    /// The plugin, or a lost connection, ended it with a status.
    Failed(tonic::Status),
}

#[derive(Debug, Default)]
struct State {
    chunks: Vec<Chunk>,
    kept: usize,
    bytes: u64,
    stream: StdioState,
}

impl Stdio {
    /// Opens the stream. The call runs on its own: servers send no headers
    /// before their first message, so waiting for them would hang.
    pub fn open(channel: Channel) -> Self {
        let state = Arc::<Mutex<State>>::default();
        let sink = Arc::clone(&state);
        let reader = tokio::spawn(async move {
            let mut client = proto::goplugin::grpc_stdio_client::GrpcStdioClient::new(channel)
                .max_decoding_message_size(PIECE_BYTES);
            let end = match client.stream_stdio(()).await {
                Err(status) => StdioState::Failed(status),
                Ok(response) => {
                    let mut stream = response.into_inner();
                    loop {
                        match stream.message().await {
                            Ok(Some(data)) => lock(&sink).take(&data),
                            Ok(None) => break StdioState::Ended,
                            Err(status) => break StdioState::Failed(status),
                        }
                    }
                }
            };
            lock(&sink).stream = end;
        });
        Stdio {
            state,
            reader,
            opened: Instant::now(),
        }
    }

    /// Where the stream stands.
    pub fn state(&self) -> StdioState {
        lock(&self.state).stream.clone()
    }

    /// Where the stream stands once a refusal has had time to arrive: servers
    /// with several threads answer later calls before it.
    pub async fn settled(&self) -> StdioState {
        while matches!(self.state(), StdioState::Open) && self.opened.elapsed() < SETTLED {
            tokio::time::sleep(SETTLED / 50).await;
        }
        self.state()
    }

    /// The pieces kept so far, oldest first.
    pub fn chunks(&self) -> Vec<Chunk> {
        lock(&self.state).chunks.clone()
    }

    /// Bytes carried, kept or not.
    pub fn byte_count(&self) -> u64 {
        lock(&self.state).bytes
    }
}

impl Drop for Stdio {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl State {
    fn take(&mut self, data: &StdioData) {
        self.bytes += data.data.len() as u64;
        if self.chunks.len() >= 4096 {
            return;
        }
        let room = KEEP - self.kept.min(KEEP);
        let length = data.data.len();
        // A copy: what was cut off must not stay allocated.
        let bytes = data.data[..length.min(room)].to_vec();
        self.kept += bytes.len();
        self.chunks.push(Chunk {
            channel: data.channel,
            length,
            bytes,
        });
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_pieces_are_counted_and_given_back() {
        let mut state = State::default();
        for _ in 0..5000 {
            state.take(&StdioData {
                channel: 1,
                data: vec![7; 1000],
            });
        }
        state.take(&StdioData::default());
        assert_eq!(state.bytes, 5_000_000);
        assert_eq!(state.chunks.len(), 4096);
        assert!(state.chunks.iter().all(|chunk| chunk.length == 1000));
        let held: usize = state
            .chunks
            .iter()
            .map(|chunk| chunk.bytes.capacity())
            .sum();
        assert_eq!(held, KEEP);
    }
}
