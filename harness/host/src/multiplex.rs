//! go-plugin's multiplexed connection: one socket that carries the main
//! channel and every brokered one as streams of yamux.
//!
//! The host is the yamux client. Who may open a stream is settled by knocks,
//! which are the [`porch`]'s business; how a stream is dialled by the
//! session's.

use crate::channel::BoxIo;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt, TokioAsyncReadCompatExt};

pub mod porch;

pub use porch::{Answer, Porch, Sight};

/// Streams a connection may have, either way; go-plugin's backlog.
const STREAMS: usize = 256;
/// Bytes of a frame's header.
const HEADER: usize = 12;

type Wanted = oneshot::Sender<io::Result<BoxIo>>;

/// One multiplexed connection to a plugin, open until it is dropped.
#[derive(Debug)]
pub struct Multiplex {
    wanted: mpsc::Sender<Wanted>,
    opening: watch::Receiver<Opening>,
    porch: Porch,
    driver: JoinHandle<()>,
}

impl Multiplex {
    /// Takes over a connection as its yamux client. `patience` is how long a
    /// plugin may take from its knock to its stream.
    pub(crate) fn over(io: BoxIo, patience: Duration) -> Self {
        let (heard, opening) = watch::channel(Opening::default());
        let mut config = yamux::Config::default();
        config.set_max_num_streams(STREAMS);
        config
            .set_max_connection_receive_window(Some(2 * STREAMS * yamux::DEFAULT_CREDIT as usize));
        let connection = yamux::Connection::new(
            Listening { io, heard }.compat(),
            config,
            yamux::Mode::Client,
        );
        let (wanted, asked) = mpsc::channel(16);
        let porch = Porch::new(patience);
        Multiplex {
            wanted,
            opening,
            driver: tokio::spawn(drive(connection, asked, porch.clone())),
            porch,
        }
    }

    /// Where the plugin's knocks and streams arrive.
    pub fn porch(&self) -> &Porch {
        &self.porch
    }

    /// Opens a stream. The plugin hears of it with the first byte.
    ///
    /// # Errors
    ///
    /// When the connection is lost.
    pub async fn stream(&self) -> io::Result<BoxIo> {
        let lost = || io::Error::other("the multiplexed connection is lost");
        let (wanted, opened) = oneshot::channel();
        self.wanted.send(wanted).await.map_err(|_| lost())?;
        opened.await.map_err(|_| lost())?
    }

    /// Whether the plugin speaks yamux, told by its first bytes; what it does
    /// instead where it does not.
    pub(crate) async fn is_spoken(&self, limit: Duration) -> Result<(), &'static str> {
        let mut opening = self.opening.clone();
        let heard = opening.wait_for(|opening| opening.ended || opening.heard == HEADER);
        let _ = tokio::time::timeout(limit, heard).await;
        let opening = *self.opening.borrow();
        opening.is_yamux()
    }
}

impl Drop for Multiplex {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Moves frames both ways, opens what is wanted and hands over what arrives.
async fn drive(
    mut connection: yamux::Connection<Compat<Listening>>,
    mut asked: mpsc::Receiver<Wanted>,
    porch: Porch,
) {
    let mut wanted: Option<Wanted> = None;
    std::future::poll_fn(move |cx| {
        loop {
            if wanted.is_none()
                && let Poll::Ready(next) = asked.poll_recv(cx)
            {
                match next {
                    Some(next) => wanted = Some(next),
                    None => return Poll::Ready(()),
                }
            }
            if wanted.is_some()
                && let Poll::Ready(opened) = connection.poll_new_outbound(cx)
            {
                let opened = opened
                    .map(|stream| Box::new(stream.compat()) as BoxIo)
                    .map_err(io::Error::other);
                if let Some(wanted) = wanted.take() {
                    let _ = wanted.send(opened);
                }
                continue;
            }
            match ready!(connection.poll_next_inbound(cx)) {
                Some(Ok(stream)) => porch.arrived(Box::new(stream.compat())),
                Some(Err(_)) | None => return Poll::Ready(()),
            }
        }
    })
    .await;
}

/// The first bytes a peer says.
#[derive(Debug, Clone, Copy, Default)]
struct Opening {
    bytes: [u8; HEADER],
    heard: usize,
    ended: bool,
}

impl Opening {
    fn is_yamux(&self) -> Result<(), &'static str> {
        if self.heard < HEADER {
            return Err(if self.ended {
                "the connection was closed before anything of yamux was said"
            } else {
                "nothing of yamux was said"
            });
        }
        let [version, kind, upper, flags, id @ ..] = self.bytes;
        let of_a_stream = id[..4] != [0; 4];
        // Data and window updates are of a stream, pings and farewells of none.
        let fits = matches!((kind, of_a_stream), (0 | 1, true) | (2 | 3, false));
        if version == 0 && upper == 0 && flags <= 0xf && fits {
            return Ok(());
        }
        // The header of a SETTINGS frame: length, then type 4.
        if self.bytes[..2] == [0, 0] && flags == 4 {
            return Err("HTTP/2 is spoken without yamux");
        }
        Err("something other than yamux is spoken")
    }
}

/// A connection whose first bytes are noted.
struct Listening {
    io: BoxIo,
    heard: watch::Sender<Opening>,
}

impl AsyncRead for Listening {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.io).poll_read(cx, buffer));
        let new = &buffer.filled()[before..];
        let complete = self.heard.borrow().heard == HEADER;
        if !complete {
            self.heard.send_modify(|opening| {
                for &byte in new.iter().take(HEADER - opening.heard) {
                    opening.bytes[opening.heard] = byte;
                    opening.heard += 1;
                }
                opening.ended = read.is_err() || new.is_empty();
            });
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Listening {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

/// Whether yamux is spoken on this connection: a ping is answered as one.
pub(crate) async fn is_spoken(io: BoxIo, limit: Duration) -> bool {
    let multiplex = Multiplex::over(io, Duration::ZERO);
    multiplex.is_spoken(limit).await.is_ok()
}

/// A limit as a plugin's knock sees it: what is older has been given up.
pub(crate) fn patience(limit: Duration) -> Duration {
    limit * 4 / 5
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn opening(bytes: &[u8]) -> Opening {
        let mut opening = Opening {
            ended: true,
            ..Opening::default()
        };
        let kept = bytes.len().min(HEADER);
        opening.bytes[..kept].copy_from_slice(&bytes[..kept]);
        opening.heard = kept;
        opening
    }

    #[test]
    fn yamux_is_told_from_what_else_may_come() {
        let spoken = |bytes: &[u8]| opening(bytes).is_yamux();
        assert_eq!(spoken(&[0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0]), Ok(()));
        assert_eq!(spoken(&[0, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7]), Ok(()));
        for settings in [
            [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3, 0],
        ] {
            assert_eq!(spoken(&settings), Err("HTTP/2 is spoken without yamux"));
        }
        for other in [
            &b"HTTP/1.1 400"[..],
            &[21, 3, 3, 0, 2, 2, 70, 0, 0, 0, 0, 0],
            b"",
            b"\0",
        ] {
            assert!(spoken(other).is_err(), "{other:?}");
        }
    }

    /// A plugin's end of a connection: every inbound stream is echoed.
    fn echoing(io: tokio::io::DuplexStream) {
        let mut connection =
            yamux::Connection::new(io.compat(), yamux::Config::default(), yamux::Mode::Server);
        tokio::spawn(async move {
            while let Some(Ok(stream)) =
                std::future::poll_fn(|cx| connection.poll_next_inbound(cx)).await
            {
                tokio::spawn(async move {
                    let (mut reader, mut writer) = tokio::io::split(stream.compat());
                    let _ = tokio::io::copy(&mut reader, &mut writer).await;
                });
            }
        });
    }

    #[tokio::test]
    async fn streams_are_opened_and_the_peer_is_recognised() {
        let (ours, theirs) = tokio::io::duplex(64 << 10);
        echoing(theirs);
        let multiplex = Multiplex::over(Box::new(ours), Duration::from_secs(5));
        for text in [b"one", b"two"] {
            let mut stream = multiplex.stream().await.unwrap();
            stream.write_all(text).await.unwrap();
            stream.flush().await.unwrap();
            let mut back = [0; 3];
            stream.read_exact(&mut back).await.unwrap();
            assert_eq!(&back, text);
        }
        assert_eq!(multiplex.is_spoken(Duration::from_secs(5)).await, Ok(()));
    }

    #[tokio::test]
    async fn a_lost_connection_opens_nothing() {
        let (ours, theirs) = tokio::io::duplex(64);
        drop(theirs);
        let multiplex = Multiplex::over(Box::new(ours), Duration::from_secs(5));
        assert!(multiplex.is_spoken(Duration::from_secs(5)).await.is_err());
        while multiplex.stream().await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}
