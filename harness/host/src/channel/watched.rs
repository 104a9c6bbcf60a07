//! A stream that notes what came over it, and is read in measure.

use super::BoxIo;
use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The kinds of HTTP/2 frames by their numbers, and last what is none of them.
const KINDS: [&str; 11] = [
    "DATA",
    "HEADERS",
    "PRIORITY",
    "RST_STREAM",
    "SETTINGS",
    "PUSH_PROMISE",
    "PING",
    "GOAWAY",
    "WINDOW_UPDATE",
    "CONTINUATION",
    "other",
];
const DATA: usize = 0;
const HEADERS: usize = 1;
const RST_STREAM: usize = 3;
const SETTINGS: usize = 4;
const GOAWAY: usize = 7;

/// What came over a connection, under its TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Came {
    bytes: u64,
    /// By kind; none where the first is no SETTINGS.
    frames: [u64; KINDS.len()],
    is_over: bool,
}

impl Came {
    /// Whether anything did.
    pub fn anything(&self) -> bool {
        self.bytes > 0
    }

    /// Whether an answer began: headers came, or data.
    pub fn part_of_an_answer(&self) -> bool {
        self.frames[HEADERS] + self.frames[DATA] > 0
    }

    /// Whether the other side gave a stream or the connection up by a frame.
    pub fn given_up(&self) -> bool {
        self.frames[RST_STREAM] + self.frames[GOAWAY] > 0
    }

    /// Whether the other side hung up, as far as was read.
    pub fn hung_up(&self) -> bool {
        self.is_over
    }
}

impl fmt::Display for Came {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bytes {
            0 => f.write_str("nothing came")?,
            bytes if bytes < 1 << 20 => write!(f, "{bytes} bytes came")?,
            bytes => write!(f, "{} MiB came", bytes >> 20)?,
        }
        let mut gap = ": ";
        for (kind, number) in KINDS.iter().zip(self.frames) {
            if number > 0 {
                write!(f, "{gap}{number} {kind}")?;
                gap = ", ";
            }
        }
        Ok(())
    }
}

/// What has come so far. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Tally>>);

impl Heard {
    /// What has, so far.
    pub(crate) fn so_far(&self) -> Came {
        self.tally().came.clone()
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Counts frames as their bytes come, in whatever pieces.
#[derive(Debug, Default)]
struct Tally {
    came: Came,
    /// The header that is being read, and how much of it is there.
    header: [u8; 9],
    filled: usize,
    /// Bytes of the payload that are still to come.
    payload: usize,
}

impl Tally {
    fn take(&mut self, mut bytes: &[u8]) {
        self.came.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let skipped = self.payload.min(bytes.len());
            self.payload -= skipped;
            bytes = &bytes[skipped..];
            let (header, rest) = bytes.split_at(bytes.len().min(9 - self.filled));
            self.header[self.filled..][..header.len()].copy_from_slice(header);
            self.filled += header.len();
            bytes = rest;
            if self.filled == 9 {
                self.filled = 0;
                self.frame();
            }
        }
    }

    fn frame(&mut self) {
        let [high, middle, low, kind, ..] = self.header;
        let kind = usize::from(kind).min(KINDS.len() - 1);
        if self.came.frames == [0; KINDS.len()] && kind != SETTINGS {
            // No HTTP/2: nothing of it is a frame.
            self.payload = usize::MAX;
            return;
        }
        self.came.frames[kind] += 1;
        self.payload = u32::from_be_bytes([0, high, middle, low]) as usize;
    }
}

/// Bytes read without a pause. What comes faster than it is looked at, and no
/// window holds back, would pile up meanwhile: interim headers, for one.
const IN_A_ROW: usize = 64 << 10;

/// A stream, and what it notes.
pub(crate) struct Watched {
    io: BoxIo,
    heard: Heard,
    in_a_row: usize,
}

impl Watched {
    /// The same stream, and who knows what came over it.
    pub(crate) fn over(io: BoxIo) -> (BoxIo, Heard) {
        let heard = Heard::default();
        let watched = Watched {
            io,
            heard: heard.clone(),
            in_a_row: 0,
        };
        (Box::new(watched), heard)
    }

    /// Who hangs up is noticed at a write, perhaps before what it said last
    /// was read; after that nobody reads any more.
    fn last_words<T>(
        &mut self,
        context: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if matches!(polled, Poll::Ready(Err(_))) {
            let mut byte = [0];
            let _ = Pin::new(self).poll_read(context, &mut ReadBuf::new(&mut byte));
        }
        polled
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.in_a_row > IN_A_ROW {
            // Whoever waits for what came gets its turn first.
            self.in_a_row = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = into.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, into);
        let came = &into.filled()[before..];
        self.in_a_row = match polled {
            Poll::Pending => 0,
            Poll::Ready(_) => self.in_a_row + came.len(),
        };
        let mut tally = self.heard.tally();
        tally.came.is_over |= came.is_empty() && polled.is_ready();
        tally.take(came);
        drop(tally);
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(context, bytes);
        self.last_words(context, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write_vectored(context, bytes);
        self.last_words(context, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.io).poll_flush(context);
        self.last_words(context, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallEnd, Caller};
    use crate::channel;
    use crate::transcript::Transcript;
    use std::time::{Duration, Instant};
    use tokio::io::AsyncWriteExt;

    const LIMIT: Duration = Duration::from_secs(10);

    /// Whether a first call over a stream fails, and what was heard, where
    /// the other side says this and hangs up.
    async fn first_call(words: &[u8]) -> (bool, Heard) {
        let (ours, mut theirs) = tokio::io::duplex(1 << 10);
        let (io, heard) = Watched::over(Box::new(ours));
        theirs.write_all(words).await.unwrap();
        drop(theirs);
        let fails = match channel::over(io, LIMIT).await {
            Err(_) => true,
            Ok(channel) => {
                let caller = Caller::new(channel, Transcript::new(Instant::now()), LIMIT);
                matches!(caller.health("plugin").await, CallEnd::Broken(_))
            }
        };
        (fails, heard)
    }

    #[tokio::test]
    async fn who_hangs_up_in_silence_was_not_heard() {
        let (fails, heard) = first_call(b"").await;
        assert!(fails && !heard.so_far().anything());
    }

    #[tokio::test]
    async fn who_spoke_http2_first_was() {
        // An empty SETTINGS frame.
        let (fails, heard) = first_call(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
        assert!(fails && heard.so_far().anything());
    }

    #[test]
    fn frames_are_counted_in_whatever_pieces_they_come() {
        // SETTINGS, two bytes of DATA, a kind that nobody knows, half a header.
        let bytes = [
            &[0, 0, 0, 4, 0, 0, 0, 0, 0][..],
            &[0, 0, 2, 0, 0, 0, 0, 0, 1, 7, 7],
            &[0, 0, 0, 99, 0, 0, 0, 0, 0],
            &[0, 0, 0, 6],
        ]
        .concat();
        for piece in 1..=bytes.len() {
            let mut tally = Tally::default();
            bytes.chunks(piece).for_each(|piece| tally.take(piece));
            let text = "33 bytes came: 1 DATA, 1 SETTINGS, 1 other";
            assert_eq!(tally.came.to_string(), text, "{piece}");
            assert!(tally.came.part_of_an_answer());
        }
    }

    #[test]
    fn what_is_no_http2_has_no_frames() {
        let mut tally = Tally::default();
        assert_eq!(tally.came.to_string(), "nothing came");
        tally.take(&b"HTTP/1.1 400 Bad Request\r\n".repeat(100_000));
        assert_eq!(tally.came.to_string(), "2 MiB came");
    }
}
