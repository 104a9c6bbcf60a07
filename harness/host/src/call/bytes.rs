//! One message as it is, to a method of any kind.

use super::{CallEnd, Caller, classify, path};
use crate::codec::RawCodec;
use crate::dynamic::MESSAGE_BYTES;
use bytes::Bytes;
use terms::Direction;
use tonic::{Request, Status};

/// What came back of a call that was sent bytes.
#[derive(Debug)]
pub struct Replies {
    /// The responses, as they came.
    pub replies: Vec<Bytes>,
    /// The plugin took the call on: its headers came.
    pub opened: bool,
    /// There was more than was asked for, or than is read; the call was ended
    /// from here.
    pub more: bool,
    /// How the call ended.
    pub end: CallEnd<()>,
}

impl Caller {
    /// Sends one message nobody looks at, closes the requests, and takes what
    /// comes, at most `most` responses and [`MESSAGE_BYTES`] of them. Unary
    /// and streaming methods look alike from here. What came before the end
    /// of the time is kept.
    pub async fn send(&self, method: &str, request: Request<Bytes>, most: usize) -> Replies {
        self.transcript.add(Direction::ToPlugin, method, "");
        let mut told = Replies {
            replies: Vec::new(),
            opened: false,
            more: false,
            end: CallEnd::Answer(()),
        };
        let called = self.take(method, request, most, &mut told);
        let ended = tokio::time::timeout(self.limit, called).await;
        told.end = match ended {
            Err(_) => CallEnd::Silent(self.limit),
            Ok(Ok(())) => CallEnd::Answer(()),
            Ok(Err(status)) => match classify(status, MESSAGE_BYTES) {
                CallEnd::TooLarge(_) => {
                    told.more = true;
                    CallEnd::Answer(())
                }
                end => end,
            },
        };
        self.transcript
            .add(Direction::FromPlugin, method, told.end.to_string());
        told
    }

    async fn take(
        &self,
        method: &str,
        request: Request<Bytes>,
        most: usize,
        told: &mut Replies,
    ) -> Result<(), Status> {
        let mut grpc = self.ready(MESSAGE_BYTES).await?;
        let request = request.map(|message| tokio_stream::iter([message]));
        let mut stream = grpc
            .streaming(request, path(method), RawCodec)
            .await?
            .into_inner();
        told.opened = true;
        let mut left = MESSAGE_BYTES;
        while let Some(reply) = stream.message().await? {
            if told.replies.len() == most || reply.len() > left {
                told.more = true;
                break;
            }
            left -= reply.len();
            told.replies.push(reply);
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::channel;
    use crate::handshake::Network;
    use crate::services::{HostServer, Listen};
    use crate::transcript::Transcript;
    use hyper::body::Frame;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};
    use std::time::{Duration, Instant};

    const LIMIT: Duration = Duration::from_secs(10);

    /// So many messages of two bytes, each in a frame of its own.
    struct Burst(usize);

    impl hyper::body::Body for Burst {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let Some(left) = self.0.checked_sub(1) else {
                return Poll::Ready(None);
            };
            self.0 = left;
            let message = Bytes::from_static(&[0, 0, 0, 0, 2, 8, 1]);
            Poll::Ready(Some(Ok(Frame::data(message))))
        }
    }

    #[tokio::test]
    async fn a_burst_of_short_messages_breaks_no_connection() {
        const MESSAGES: usize = 5_000;
        let (ours, theirs) = tokio::io::duplex(1 << 20);
        let service = hyper::service::service_fn(async |_| {
            let response = http::Response::builder().header("content-type", "application/grpc");
            response.body(Burst(MESSAGES))
        });
        tokio::spawn(
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(theirs), service),
        );
        let channel = channel::over(Box::new(ours), LIMIT).await.unwrap();
        let caller = Caller::new(channel, Transcript::new(Instant::now()), LIMIT);
        let told = caller
            .send("any.Service/Method", Request::new(Bytes::new()), MESSAGES)
            .await;
        assert_eq!(told.replies.len(), MESSAGES, "{}", told.end);
    }

    #[tokio::test]
    async fn bytes_go_and_come_as_they_are() {
        let server = HostServer::open(&Listen::Loopback, None).await.unwrap();
        let io = channel::dial(&Network::Tcp, server.address())
            .await
            .unwrap();
        let channel = channel::over(io, LIMIT).await.unwrap();
        let caller = Caller::new(channel, Transcript::new(Instant::now()), LIMIT);
        let name = "aperio.plugin.v1.HostService/WriteLogs";
        // Two entries: one with an unknown field, one empty.
        let sent = Bytes::from_static(&[0x0a, 0x02, 0x78, 0x01, 0x0a, 0x00]);
        let told = caller.send(name, Request::new(sent), 4).await;
        assert!(matches!(told.end, CallEnd::Answer(())), "{told:?}");
        assert!(told.opened && !told.more);
        assert_eq!(told.replies, [Bytes::from_static(&[0x08, 0x02])]);
        let told = caller.send(name, Request::new(Bytes::new()), 0).await;
        assert!(told.more && told.replies.is_empty(), "{told:?}");

        let cut = Bytes::from_static(&[0x0a, 0x02, 0x78]);
        let told = caller.send(name, Request::new(cut), 4).await;
        assert_eq!(told.end.code(), Some(tonic::Code::Internal), "{told:?}");
        let told = caller
            .send("no.Such/Method", Request::new(Bytes::new()), 4)
            .await;
        assert_eq!(told.end.code(), Some(tonic::Code::Unimplemented));
    }
}
