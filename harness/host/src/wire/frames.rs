//! Frames written by hand, for clients that no HTTP/2 library would be.

use crate::channel::{BoxIo, ChannelFacts, ChannelFailure, Step, Target};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// `SETTINGS_INITIAL_WINDOW_SIZE`.
pub const INITIAL_WINDOW_SIZE: u16 = 4;

/// A connection that sends whatever bytes it is given, closed when dropped.
pub struct Frames {
    write: WriteHalf<BoxIo>,
    reading: Reading,
    limit: Duration,
}

enum Reading {
    /// What comes is read and forgotten, but for the answer to a ping.
    On {
        task: JoinHandle<()>,
        pong: Arc<Notify>,
    },
    /// What comes stays where it is.
    Off { _half: ReadHalf<BoxIo> },
}

impl std::fmt::Debug for Frames {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Frames").finish_non_exhaustive()
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        if let Reading::On { task, .. } = &self.reading {
            task.abort();
        }
    }
}

impl Frames {
    /// A connection whose client reads what comes, and forgets it.
    pub async fn open(target: &Target, limit: Duration) -> Result<Self, ChannelFailure> {
        let (mut read, write) = tokio::io::split(dial(target, limit).await?);
        let pong = Arc::new(Notify::new());
        let heard = Arc::clone(&pong);
        let task = tokio::spawn(async move {
            let mut header = [0; 9];
            while read.read_exact(&mut header).await.is_ok() {
                let [long, middle, short, kind, flags, ..] = header;
                let length = u32::from_be_bytes([0, long, middle, short]);
                let mut payload = (&mut read).take(length.into());
                if tokio::io::copy(&mut payload, &mut tokio::io::sink())
                    .await
                    .is_err()
                {
                    return;
                }
                if kind == PING && flags & ACK != 0 {
                    heard.notify_one();
                }
            }
        });
        Ok(Frames {
            write,
            reading: Reading::On { task, pong },
            limit,
        })
    }

    /// A connection whose client never reads.
    pub async fn open_unread(target: &Target, limit: Duration) -> Result<Self, ChannelFailure> {
        let (read, write) = tokio::io::split(dial(target, limit).await?);
        Ok(Frames {
            write,
            reading: Reading::Off { _half: read },
            limit,
        })
    }

    /// Sends bytes; whether the other side still takes them.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        if let Reading::On { task, .. } = &self.reading
            && task.is_finished()
        {
            return false;
        }
        let sending = async {
            self.write.write_all(bytes).await?;
            self.write.flush().await
        };
        matches!(tokio::time::timeout(self.limit, sending).await, Ok(Ok(())))
    }

    /// Waits until the other side has dealt with all that was sent: it has
    /// answered a ping behind it, or closed the connection.
    pub async fn digested(&mut self) {
        if !self.send(&frame(PING, 0, 0, &[0; 8])).await {
            return;
        }
        if let Reading::On { task, pong } = &mut self.reading {
            let answered = async {
                tokio::select! {
                    () = pong.notified() => {}
                    _ = task => {}
                }
            };
            let _ = tokio::time::timeout(self.limit, answered).await;
        }
    }
}

async fn dial(target: &Target, limit: Duration) -> Result<BoxIo, ChannelFailure> {
    tokio::time::timeout(limit, target.open(&mut ChannelFacts::default()))
        .await
        .map_err(|_| ChannelFailure::timed_out(Step::Connect, limit))?
}

/// What a client sends first, with these settings.
pub fn preface(values: &[(u16, u32)]) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(settings(values));
    bytes
}

/// A SETTINGS frame.
pub fn settings(values: &[(u16, u32)]) -> Vec<u8> {
    let mut payload = Vec::new();
    for (name, value) in values {
        payload.extend_from_slice(&name.to_be_bytes());
        payload.extend_from_slice(&value.to_be_bytes());
    }
    frame(SETTINGS, 0, 0, &payload)
}

/// The HEADERS frame of a gRPC request, with more of the stream to come.
pub fn request(stream: u32, method: &str) -> Vec<u8> {
    // Indexed fields of HPACK's static table: POST, http.
    let mut block = vec![0x83, 0x86];
    // Literals without indexing: an indexed name (path, authority,
    // content-type), then the value; `te` is not in the table.
    literal(&mut block, &[0x04], &format!("/{method}"));
    literal(&mut block, &[0x01], "localhost");
    literal(&mut block, &[0x0f, 0x10], "application/grpc");
    literal(&mut block, b"\0\x02te", "trailers");
    frame(HEADERS, END_HEADERS, stream, &block)
}

/// Adds a literal of less than 127 bytes, without Huffman coding.
fn literal(block: &mut Vec<u8>, name: &[u8], value: &str) {
    let length = u8::try_from(value.len())
        .ok()
        .filter(|length| *length < 127);
    block.extend_from_slice(name);
    block.push(length.expect("method names of ours are short"));
    block.extend_from_slice(value.as_bytes());
}

/// A DATA frame.
pub fn data(stream: u32, payload: &[u8], end: bool) -> Vec<u8> {
    frame(DATA, if end { END_STREAM } else { 0 }, stream, payload)
}

/// A `RST_STREAM` frame that cancels.
pub fn reset(stream: u32) -> Vec<u8> {
    const CANCEL: u32 = 8;
    frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len())
        .ok()
        .filter(|length| *length <= 16 << 10)
        .expect("frames of ours are small");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn a_server_reads_what_is_written_by_hand() {
        let (mut near, far) = tokio::io::duplex(64 << 10);
        let mut bytes = preface(&[(INITIAL_WINDOW_SIZE, 0)]);
        bytes.extend(request(1, "a.B/C"));
        bytes.extend(data(1, b"abc", true));
        bytes.extend(request(3, "a.B/D"));
        bytes.extend(settings(&[]));
        near.write_all(&bytes).await.unwrap();
        let mut connection = h2::server::handshake(far).await.unwrap();
        let (request, _respond) = connection.accept().await.unwrap().unwrap();
        assert_eq!(request.uri().to_string(), "http://localhost/a.B/C");
        assert_eq!(request.headers()["content-type"], "application/grpc");
        assert_eq!(request.headers()["te"], "trailers");
        assert_eq!(request.into_body().data().await.unwrap().unwrap(), "abc");
        let (request, respond) = connection.accept().await.unwrap().unwrap();
        assert_eq!(request.uri().path(), "/a.B/D");
        near.write_all(&reset(3)).await.unwrap();
        drop(near);
        let cancelled = async {
            let mut respond = respond;
            std::future::poll_fn(|context| respond.poll_reset(context)).await
        };
        let (reason, ()) = tokio::join!(cancelled, async {
            while connection.accept().await.is_some() {}
        });
        assert_eq!(reason.unwrap(), h2::Reason::CANCEL);
    }
}
