//! A stream that notes whether anything came over it.

use super::BoxIo;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Whether a byte has come. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard(Arc<AtomicBool>);

impl Heard {
    /// Whether it has, so far.
    pub(crate) fn anything(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A stream, and what it notes.
pub(crate) struct Watched {
    io: BoxIo,
    heard: Heard,
}

impl Watched {
    /// The same stream, and who knows what came over it.
    pub(crate) fn over(io: BoxIo) -> (BoxIo, Heard) {
        let heard = Heard::default();
        let watched = Watched {
            io,
            heard: heard.clone(),
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
        let before = into.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, into);
        if into.filled().len() > before {
            self.heard.0.store(true, Ordering::Relaxed);
        }
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
        assert!(fails && !heard.anything());
    }

    #[tokio::test]
    async fn who_spoke_http2_first_was() {
        // An empty SETTINGS frame.
        let (fails, heard) = first_call(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await;
        assert!(fails && heard.anything());
    }
}
