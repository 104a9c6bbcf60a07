//! One call, and the ways it can end.

mod bytes;

pub use self::bytes::Replies;

use crate::codec::RawCodec;
use crate::dynamic;
use crate::process::Exit;
use crate::transcript::Transcript;
use crate::weight::{Room, Unfit};
use ::bytes::Bytes;
use prost::Message;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use proto::grpc::health::v1::{HealthCheckRequest, HealthCheckResponse};
use std::error::Error;
use std::fmt;
use std::time::Duration;
use terms::Direction;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Response, Status};

/// Largest answer taken, in bytes. The interface allows 64 KiB less, and no
/// other answer that is asked for comes near it. It is no bound that a plugin
/// has of its own: see [`is_oversized`].
const ANSWER_BYTES: usize = (4 << 20) + 1;

/// What an answer may take in memory, in bytes: all the lists that the
/// interface allows in one have room.
const ANSWER_ROOM: usize = 24 << 20;

/// Largest answer taken where nobody reads it, in bytes; hundreds may be on
/// their way at once.
const UNREAD_BYTES: usize = (256 << 10) + 1;

/// Full name of the health check.
pub const HEALTH: &str = "grpc.health.v1.Health/Check";

/// Characters of a status message that are told.
const MESSAGE: usize = 400;

/// How a call ended.
#[derive(Debug, Clone)]
pub enum CallEnd<A> {
    /// With a response.
    Answer(A),
    /// With a status the plugin sent.
    Refused(Status),
    /// The connection broke; the process was alive shortly after.
    Broken(String),
    /// With a response that is larger than is taken.
    TooLarge(String),
    /// The process ended.
    Died(Exit),
    /// Nothing came before the deadline.
    Silent(Duration),
}

impl<A> CallEnd<A> {
    /// The response, if there is one.
    pub fn answer(self) -> Option<A> {
        match self {
            CallEnd::Answer(answer) => Some(answer),
            _ => None,
        }
    }

    /// The gRPC code of a reply: `Ok` for a response, the code of a status,
    /// none where no reply came.
    pub fn code(&self) -> Option<tonic::Code> {
        match self {
            CallEnd::Answer(_) => Some(tonic::Code::Ok),
            CallEnd::Refused(status) => Some(status.code()),
            _ => None,
        }
    }

    /// Whether the plugin replied at all, with a response or a status.
    pub fn replied(&self) -> bool {
        self.code().is_some()
    }

    /// The same end with another kind of answer.
    pub fn map<B>(self, change: impl FnOnce(A) -> B) -> CallEnd<B> {
        match self {
            CallEnd::Answer(answer) => CallEnd::Answer(change(answer)),
            CallEnd::Refused(status) => CallEnd::Refused(status),
            CallEnd::Broken(text) => CallEnd::Broken(text),
            CallEnd::TooLarge(text) => CallEnd::TooLarge(text),
            CallEnd::Died(exit) => CallEnd::Died(exit),
            CallEnd::Silent(limit) => CallEnd::Silent(limit),
        }
    }
}

impl<A> fmt::Display for CallEnd<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallEnd::Answer(_) => f.write_str("OK"),
            CallEnd::Refused(status) => {
                write!(f, "{}", code_name(status.code()))?;
                if !status.message().is_empty() {
                    let told: String = status.message().chars().take(MESSAGE).collect();
                    write!(f, " {told:?}")?;
                }
                Ok(())
            }
            CallEnd::Broken(text) => write!(f, "the connection broke: {text}"),
            CallEnd::TooLarge(text) => write!(f, "the answer is too large: {text}"),
            CallEnd::Died(exit) => write!(f, "the process ended: {exit}"),
            CallEnd::Silent(limit) => write!(f, "no answer within {} s", limit.as_secs_f32()),
        }
    }
}

/// The name of a code as the gRPC specification writes it.
pub fn code_name(code: tonic::Code) -> &'static str {
    use tonic::Code;
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// Makes calls over one channel. Clones share the channel, so calls may run
/// side by side.
#[derive(Debug, Clone)]
pub struct Caller {
    channel: Channel,
    transcript: Transcript,
    limit: Duration,
}

impl Caller {
    /// Calls over `channel`, each bounded by `limit`.
    pub fn new(channel: Channel, transcript: Transcript, limit: Duration) -> Self {
        Caller {
            channel,
            transcript,
            limit,
        }
    }

    /// The same caller with another bound.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Caller {
            limit,
            ..self.clone()
        }
    }

    /// The channel itself.
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// A client that can be called now and takes messages of at most `most`
    /// bytes.
    pub(crate) async fn ready(&self, most: usize) -> Result<Grpc<Channel>, Status> {
        // Each clone of a channel has a readiness of its own.
        let mut grpc = Grpc::new(self.channel.clone())
            .max_decoding_message_size(most)
            .max_encoding_message_size(i32::MAX as usize);
        let ready = grpc.ready().await;
        ready.map_err(|error| Status::from_error(Box::new(error)))?;
        Ok(grpc)
    }

    /// One unary call with generated messages. `method` is
    /// `package.Service/Method`.
    ///
    /// # Panics
    ///
    /// When this project declares no such method.
    pub async fn unary<Q, A>(&self, method: &str, request: Q) -> CallEnd<A>
    where
        Q: Message,
        A: Message + Default,
    {
        let of = dynamic::method(proto::interface::newest(), method)
            .expect("generated messages are those of declared methods")
            .output();
        self.read(method, &request, |answer| {
            Room::of(ANSWER_ROOM).take(&of, &answer)?;
            Ok(A::decode(answer)?)
        })
        .await
    }

    /// Health of a service, by name.
    pub async fn health(&self, service: &str) -> CallEnd<i32> {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        self.unary::<_, HealthCheckResponse>(HEALTH, request)
            .await
            .map(|response| response.status)
    }

    /// One unary call with a request as it is, malformed perhaps, and an
    /// answer nobody reads. An answer of more than 256 KiB counts as one, and
    /// the rest of it is cancelled.
    pub async fn raw(&self, method: &str, request: Request<Bytes>) -> CallEnd<()> {
        self.run(method, request, UNREAD_BYTES, |reply| match reply {
            Ok(_) => CallEnd::Answer(()),
            Err(status) => match classify(status, UNREAD_BYTES) {
                CallEnd::TooLarge(_) => CallEnd::Answer(()),
                end => end,
            },
        })
        .await
    }

    /// One unary call by the method's descriptor.
    pub async fn dynamic(
        &self,
        method: &MethodDescriptor,
        request: DynamicMessage,
    ) -> CallEnd<DynamicMessage> {
        self.read(&dynamic::name(method), &request, |answer| {
            dynamic::decode(method.output(), answer, &mut Room::of(ANSWER_ROOM))
        })
        .await
    }

    /// A call of any kind by the method's descriptor: sends these requests
    /// and takes what comes until the plugin ends the call, at most `most`
    /// responses. All of them together have the room of one.
    pub async fn exchange(
        &self,
        method: &MethodDescriptor,
        requests: Vec<DynamicMessage>,
        most: usize,
    ) -> CallEnd<Vec<DynamicMessage>> {
        let name = dynamic::name(method);
        self.transcript.add(Direction::ToPlugin, &name, "");
        let called = async {
            let mut grpc = self.ready(dynamic::MESSAGE_BYTES).await?;
            let requests = requests.into_iter().map(|request| encoded(&request));
            let requests = Request::new(tokio_stream::iter(requests));
            let mut stream = grpc
                .streaming(requests, path(&name), RawCodec)
                .await?
                .into_inner();
            let mut room = Room::of(ANSWER_ROOM);
            let mut responses = Vec::new();
            while responses.len() < most
                && let Some(response) = stream.message().await?
            {
                match dynamic::decode(method.output(), response, &mut room) {
                    Ok(response) => responses.push(response),
                    Err(unfit) => return Ok(Err(unfit)),
                }
            }
            Ok(Ok(responses))
        };
        let end = match tokio::time::timeout(self.limit, called).await {
            Err(_) => CallEnd::Silent(self.limit),
            Ok(Ok(responses)) => fitting(responses),
            Ok(Err(status)) => classify(status, dynamic::MESSAGE_BYTES),
        };
        self.transcript
            .add(Direction::FromPlugin, &name, end.to_string());
        end
    }

    /// How long one call may take.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Events so far.
    pub(crate) fn transcript(&self) -> &Transcript {
        &self.transcript
    }

    /// One unary call with an answer that is read.
    async fn read<A>(
        &self,
        method: &str,
        request: &impl Message,
        decode: impl FnOnce(Bytes) -> Result<A, Unfit>,
    ) -> CallEnd<A> {
        let request = Request::new(encoded(request));
        self.run(method, request, ANSWER_BYTES, |reply| match reply {
            Ok(answer) => fitting(decode(answer)),
            Err(status) => classify(status, ANSWER_BYTES),
        })
        .await
    }

    async fn run<A>(
        &self,
        method: &str,
        request: Request<Bytes>,
        most: usize,
        end: impl FnOnce(Result<Bytes, Status>) -> CallEnd<A>,
    ) -> CallEnd<A> {
        let path = path(method);
        self.transcript.add(Direction::ToPlugin, method, "");
        let called = async {
            let mut grpc = self.ready(most).await?;
            grpc.unary(request, path, RawCodec).await
        };
        let end = match tokio::time::timeout(self.limit, called).await {
            Err(_) => CallEnd::Silent(self.limit),
            Ok(reply) => end(reply.map(Response::into_inner)),
        };
        self.transcript
            .add(Direction::FromPlugin, method, end.to_string());
        end
    }
}

fn encoded(message: &impl Message) -> Bytes {
    message.encode_to_vec().into()
}

/// The end of a call that was answered, whatever the answer is worth.
fn fitting<A>(answer: Result<A, Unfit>) -> CallEnd<A> {
    match answer {
        Ok(answer) => CallEnd::Answer(answer),
        Err(Unfit::TooMuch(text)) => CallEnd::TooLarge(text),
        Err(unfit @ Unfit::Malformed(_)) => CallEnd::Refused(unfit.into()),
    }
}

pub(crate) fn path(method: &str) -> PathAndQuery {
    format!("/{method}")
        .parse()
        .expect("method names are paths")
}

/// Tells a status the plugin sent from one tonic made of a lost connection, or
/// of an answer of more than `most` bytes, which is what the call takes.
pub(crate) fn classify<A>(status: Status, most: usize) -> CallEnd<A> {
    match status.source() {
        Some(source) if is_transport(source) => CallEnd::Broken(chain(source)),
        _ if is_oversized(&status, most) => CallEnd::TooLarge(status.message().to_owned()),
        _ => CallEnd::Refused(status),
    }
}

/// tonic tells of its own limit by a status of this text alone. A plugin on
/// tonic says the same of a large request, and names the limit it has set.
fn is_oversized(status: &Status, most: usize) -> bool {
    status.code() == tonic::Code::OutOfRange
        && status
            .message()
            .strip_prefix("Error, decoded message length too large: found ")
            .is_some_and(|rest| rest.ends_with(&format!(", the limit is: {most} bytes")))
}

fn is_transport(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<tonic::transport::Error>()
            || error.is::<hyper::Error>()
            || error.is::<std::io::Error>()
            || error.is::<h2::Error>()
        {
            return true;
        }
        next = error.source();
    }
    false
}

/// An error with all its causes, outermost first.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugins_own_limit_is_a_status_of_the_plugin() {
        let of = |limit: usize| {
            let text = format!(
                "Error, decoded message length too large: found {} bytes, the limit is: {limit} bytes",
                64 << 20
            );
            Status::out_of_range(text)
        };
        let end: CallEnd<()> = classify(of(4 << 20), ANSWER_BYTES);
        assert_eq!(end.code(), Some(tonic::Code::OutOfRange));
        let end: CallEnd<()> = classify(of(ANSWER_BYTES), ANSWER_BYTES);
        assert!(matches!(&end, CallEnd::TooLarge(_)), "{end}");
    }
}
