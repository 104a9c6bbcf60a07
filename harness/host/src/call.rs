//! One call, and the ways it can end.

mod bytes;

pub use self::bytes::Replies;

use crate::codec::DynamicCodec;
use crate::dynamic;
use crate::process::Exit;
use crate::transcript::Transcript;
use ::bytes::Bytes;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use proto::grpc::health::v1::{HealthCheckRequest, HealthCheckResponse};
use std::error::Error;
use std::fmt;
use std::time::Duration;
use terms::Direction;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Request, Status};

/// Largest answer taken, in bytes. The interface allows 4 MiB less 64 KiB, and
/// no other answer that is asked for comes near it.
pub const ANSWER_BYTES: usize = 8 << 20;

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
    pub async fn unary<Q, A>(&self, method: &str, request: Q) -> CallEnd<A>
    where
        Q: prost::Message + Send + Sync + 'static,
        A: prost::Message + Default + Send + Sync + 'static,
    {
        let codec = tonic_prost::ProstCodec::<Q, A>::default();
        self.run(method, codec, Request::new(request)).await
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

    /// One unary call with bytes in and out: malformed requests, and
    /// responses nobody parses.
    pub async fn raw(&self, method: &str, request: Request<Bytes>) -> CallEnd<Bytes> {
        self.run(method, crate::codec::RawCodec, request).await
    }

    /// One unary call by the method's descriptor.
    pub async fn dynamic(
        &self,
        method: &MethodDescriptor,
        request: DynamicMessage,
    ) -> CallEnd<DynamicMessage> {
        let codec = DynamicCodec::receiving(method.output());
        self.run(&dynamic::name(method), codec, Request::new(request))
            .await
    }

    /// A call of any kind by the method's descriptor: sends these requests
    /// and takes what comes until the plugin ends the call, at most `most`
    /// responses.
    pub async fn exchange(
        &self,
        method: &MethodDescriptor,
        requests: Vec<DynamicMessage>,
        most: usize,
    ) -> CallEnd<Vec<DynamicMessage>> {
        let name = dynamic::name(method);
        self.transcript.add(Direction::ToPlugin, &name, "");
        let codec = DynamicCodec::receiving(method.output());
        let called = async {
            let mut grpc = self.ready(dynamic::MESSAGE_BYTES).await?;
            let requests = Request::new(tokio_stream::iter(requests));
            let path = path(&name);
            let mut stream = grpc.streaming(requests, path, codec).await?.into_inner();
            let mut responses = Vec::new();
            while responses.len() < most
                && let Some(response) = stream.message().await?
            {
                responses.push(response);
            }
            Ok(responses)
        };
        let end = match tokio::time::timeout(self.limit, called).await {
            Err(_) => CallEnd::Silent(self.limit),
            Ok(Ok(responses)) => CallEnd::Answer(responses),
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

    async fn run<C, Q, A>(&self, method: &str, codec: C, request: Request<Q>) -> CallEnd<A>
    where
        C: tonic::codec::Codec<Encode = Q, Decode = A>,
        Q: Send + Sync + 'static,
        A: Send + Sync + 'static,
    {
        let path = path(method);
        self.transcript.add(Direction::ToPlugin, method, "");
        let called = async {
            let mut grpc = self.ready(ANSWER_BYTES).await?;
            grpc.unary(request, path, codec).await
        };
        let end = match tokio::time::timeout(self.limit, called).await {
            Err(_) => CallEnd::Silent(self.limit),
            Ok(Ok(response)) => CallEnd::Answer(response.into_inner()),
            Ok(Err(status)) => classify(status, ANSWER_BYTES),
        };
        self.transcript
            .add(Direction::FromPlugin, method, end.to_string());
        end
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
        _ if is_oversized(&status, most) => CallEnd::Broken(format!(
            "the answer is larger than {} MiB: {}",
            most >> 20,
            status.message()
        )),
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
        assert!(
            matches!(&end, CallEnd::Broken(text) if text.contains("larger than 8 MiB")),
            "{end}"
        );
    }
}
