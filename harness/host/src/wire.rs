//! HTTP/2 as it goes over the wire: requests of chosen headers and bytes, and
//! replies as they came, parsed by nobody. What a gRPC client would repair,
//! infer or hide is seen here.
//!
//! [`Wire`] keeps the rules of HTTP/2; [`Frames`] is free to break them.

use crate::channel::{BoxIo, ChannelFacts, ChannelFailure, Step, Target};
use crate::session::Session;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Method, Request, Version};
use std::fmt;
use std::time::Duration;
use tokio::task::JoinHandle;

mod frames;

pub use frames::{Frames, INITIAL_WINDOW_SIZE, data, preface, request, reset, settings};

/// Bytes of a reply's body that are kept; more are read and counted only.
const KEPT: usize = 256 << 10;
/// Bytes of a reply's body, after which no more is read.
const MOST: usize = 64 << 20;
/// DATA frames after which no more is read.
const MOST_FRAMES: usize = 4096;
/// Largest list of headers taken, in bytes.
const HEADER_LIST: u32 = 256 << 10;
/// Characters of one header value that are shown.
const SHOWN: usize = 120;

/// One unary request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// `package.Service/Method`.
    pub method: String,
    /// `:scheme`.
    pub scheme: &'static str,
    /// `:authority`.
    pub authority: String,
    /// Whatever stands beside `content-type` and `te`.
    pub headers: Vec<(String, String)>,
    /// The message, without the prefix of gRPC.
    pub message: Bytes,
}

impl Question {
    /// The message to the method, as an ordinary client sends it.
    pub fn new(method: &str, message: impl Into<Bytes>) -> Self {
        let agent = concat!("aperio-plugin/", env!("CARGO_PKG_VERSION"));
        Question {
            headers: vec![("user-agent".to_owned(), agent.to_owned())],
            ..Question::bare(method, message)
        }
    }

    /// The same with nothing that gRPC leaves to the client's choice.
    pub fn bare(method: &str, message: impl Into<Bytes>) -> Self {
        Question {
            method: method.to_owned(),
            scheme: "http",
            authority: "localhost".to_owned(),
            headers: Vec::new(),
            message: message.into(),
        }
    }

    fn head(&self) -> Result<Request<()>, http::Error> {
        let uri = format!("{}://{}/{}", self.scheme, self.authority, self.method);
        let mut request = Request::builder()
            .method(Method::POST)
            .version(Version::HTTP_2)
            .uri(uri)
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(())
    }

    fn body(&self) -> Bytes {
        let length = u32::try_from(self.message.len()).unwrap_or(u32::MAX);
        let mut body = Vec::with_capacity(5 + self.message.len());
        body.push(0);
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(&self.message);
        Bytes::from(body)
    }
}

/// One reply, as far as it came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The first block of headers.
    pub headers: HeaderMap,
    /// The bytes of its DATA frames, up to a bound.
    pub body: Vec<u8>,
    /// Length of each DATA frame.
    pub frames: Vec<usize>,
    /// The last block of headers; none where there is only one.
    pub trailers: Option<HeaderMap>,
    /// Why the reply broke off before its end.
    pub broken: Option<String>,
}

impl Reply {
    /// The block that carries the status: the trailers, or the only one.
    pub fn last_block(&self) -> &HeaderMap {
        self.trailers.as_ref().unwrap_or(&self.headers)
    }

    /// The status's code as a number, where it is one.
    pub fn code(&self) -> Option<u32> {
        let value = self.last_block().get("grpc-status")?;
        value.to_str().ok()?.parse().ok()
    }

    /// The flag in front of each message, as far as they were kept.
    pub fn message_flags(&self) -> Vec<u8> {
        let mut flags = Vec::new();
        let mut rest = self.body.as_slice();
        while let Some((prefix, behind)) = rest.split_first_chunk::<5>() {
            let [flag, length @ ..] = *prefix;
            flags.push(flag);
            let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
            rest = behind.get(length..).unwrap_or_default();
        }
        flags
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "HTTP {}, headers {{{}}}",
            self.status,
            Block(&self.headers)
        )?;
        let bytes: usize = self.frames.iter().sum();
        write!(f, ", {bytes} bytes in {} DATA frames", self.frames.len())?;
        match &self.trailers {
            Some(trailers) => write!(f, ", trailers {{{}}}", Block(trailers))?,
            None => f.write_str(", no trailers")?,
        }
        match &self.broken {
            Some(text) => write!(f, ", broken off: {text}"),
            None => Ok(()),
        }
    }
}

struct Block<'a>(&'a HeaderMap);

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (name, value)) in self.0.iter().take(20).enumerate() {
            let gap = if number == 0 { "" } else { ", " };
            let value = value.as_bytes().escape_ascii().to_string();
            let shown: String = value.chars().take(SHOWN).collect();
            write!(f, "{gap}{name}: {shown}")?;
        }
        Ok(())
    }
}

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoReply {
    /// The stream or its connection ended first.
    Broken(String),
    /// Nothing came within this time.
    Silent(Duration),
}

impl fmt::Display for NoReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoReply::Broken(text) => write!(f, "no reply: {text}"),
            NoReply::Silent(limit) => write!(f, "no reply within {} s", limit.as_secs_f32()),
        }
    }
}

/// One connection, closed when it is dropped.
#[derive(Debug)]
pub struct Wire {
    requests: SendRequest<Bytes>,
    driver: JoinHandle<()>,
    limit: Duration,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Wire {
    /// Opens a connection; `limit` bounds this and every exchange.
    pub async fn open(target: &Target, limit: Duration) -> Result<Self, ChannelFailure> {
        let opened = tokio::time::timeout(limit, async {
            let io = target.open(&mut ChannelFacts::default()).await?;
            Wire::over(io, limit).await
        });
        opened
            .await
            .map_err(|_| ChannelFailure::timed_out(Step::Connect, limit))?
    }

    async fn over(io: BoxIo, limit: Duration) -> Result<Self, ChannelFailure> {
        let (requests, connection) = h2::client::Builder::new()
            .max_header_list_size(HEADER_LIST)
            .initial_window_size(1 << 20)
            .initial_connection_window_size(1 << 20)
            .handshake(io)
            .await
            .map_err(|error| ChannelFailure::new(Step::Http, &error))?;
        let driver = tokio::spawn(async move {
            // Every exchange is told of a broken connection on its own.
            let _ = connection.await;
        });
        Ok(Wire {
            requests,
            driver,
            limit,
        })
    }

    /// Sends the request and reads the reply. The bytes are sent while the
    /// reply is awaited, since a server may answer before it has them all.
    pub async fn ask(&mut self, question: &Question) -> Result<Reply, NoReply> {
        let limit = self.limit;
        tokio::time::timeout(limit, self.exchange(question))
            .await
            .map_err(|_| NoReply::Silent(limit))?
    }

    async fn exchange(&mut self, question: &Question) -> Result<Reply, NoReply> {
        let broken = |error: &dyn fmt::Display| NoReply::Broken(error.to_string());
        let head = question.head().map_err(|error| broken(&error))?;
        let ready = self.requests.clone().ready().await;
        let (response, stream) = ready
            .and_then(|mut requests| requests.send_request(head, false))
            .map_err(|error| broken(&error))?;
        let receiving = receive(response);
        let sending = send(stream, question.body());
        tokio::pin!(receiving, sending);
        let reply = tokio::select! {
            reply = &mut receiving => reply,
            () = &mut sending => receiving.await,
        };
        reply.map_err(|error| broken(&error))
    }
}

/// Sends as the other side gives room; ends early when it wants no more.
async fn send(mut stream: SendStream<Bytes>, mut body: Bytes) {
    while !body.is_empty() {
        stream.reserve_capacity(body.len());
        let room = std::future::poll_fn(|context| stream.poll_capacity(context)).await;
        let Some(Ok(room)) = room else { return };
        let piece = body.split_to(room.min(body.len()));
        if stream.send_data(piece, body.is_empty()).is_err() {
            return;
        }
    }
}

async fn receive(response: ResponseFuture) -> Result<Reply, h2::Error> {
    let (head, mut body) = response.await?.into_parts();
    let mut reply = Reply {
        status: head.status.as_u16(),
        headers: head.headers,
        ..Reply::default()
    };
    if let Err(error) = read(&mut body, &mut reply).await {
        // The end of a call whose request nobody wants to read on is a reset
        // without fault behind a whole reply.
        let whole = reply.trailers.is_some() || reply.headers.contains_key("grpc-status");
        if !(whole && error.reason() == Some(h2::Reason::NO_ERROR)) {
            reply.broken = Some(error.to_string());
        }
    }
    Ok(reply)
}

async fn read(body: &mut RecvStream, reply: &mut Reply) -> Result<(), h2::Error> {
    let mut length = 0;
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        length += piece.len();
        let room = KEPT.saturating_sub(reply.body.len());
        reply
            .body
            .extend_from_slice(&piece[..piece.len().min(room)]);
        reply.frames.push(piece.len());
        if length > MOST || reply.frames.len() > MOST_FRAMES {
            reply.broken = Some("more than is read".to_owned());
            return Ok(());
        }
    }
    reply.trailers = body.trailers().await?;
    Ok(())
}

impl Session {
    /// A further connection of one's own, looked at without a gRPC client.
    pub async fn wire(&self) -> Result<Wire, ChannelFailure> {
        Wire::open(self.target(), self.limits().rpc).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_across_frames_and_a_short_end() {
        let reply = |body: &[u8]| Reply {
            body: body.to_vec(),
            ..Reply::default()
        };
        assert_eq!(reply(b"").message_flags(), [0_u8; 0]);
        assert_eq!(reply(b"\0\0\0\0\x02ab\x01\0\0\0\0").message_flags(), [0, 1]);
        assert_eq!(reply(b"\x01\xff\xff\xff\xffab").message_flags(), [1]);
        assert_eq!(reply(b"\0\0\0\0").message_flags(), [0_u8; 0]);
    }

    #[tokio::test]
    async fn a_reply_is_seen_as_it_came() {
        let (near, far) = tokio::io::duplex(64 << 10);
        let serving = tokio::spawn(async move {
            let mut connection = h2::server::handshake(far).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                assert_eq!(request.uri().path(), "/a.B/C");
                let head = http::Response::builder()
                    .status(404)
                    .header("x-odd", &b"\xff"[..]);
                let mut stream = respond
                    .send_response(head.body(()).unwrap(), false)
                    .unwrap();
                stream
                    .send_data(Bytes::from_static(b"\0\0\0\0\0"), false)
                    .unwrap();
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "17".parse().unwrap());
                stream.send_trailers(trailers).unwrap();
            }
        });
        let limit = Duration::from_secs(20);
        let mut wire = Wire::over(Box::new(near), limit).await.unwrap();
        let reply = wire.ask(&Question::new("a.B/C", vec![7; 3])).await.unwrap();
        assert_eq!((reply.status, reply.code()), (404, Some(17)));
        assert_eq!(
            reply.to_string(),
            "HTTP 404, headers {x-odd: \\xff}, 5 bytes in 1 DATA frames, trailers {grpc-status: 17}"
        );
        drop(wire);
        serving.await.unwrap();
    }
}
