//! Calls by descriptors: what a peer of any minor says, without code generated
//! for it.
//!
//! Descriptors come from [`proto::interface`], or from a plugin's own
//! reflection; each plugin has a pool of its own.

use crate::codec::RawCodec;
use crate::weight::{Room, Unfit};
use bytes::Bytes;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use proto::interface;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;
use tonic::body::Body;
use tonic::server::{Grpc, UnaryService};
use tonic::{Request, Response, Status};

/// What a plugin may call.
const HOST_SERVICE: &str = "aperio.plugin.v1.HostService";

/// Largest message taken in an exchange, in bytes.
pub(crate) const MESSAGE_BYTES: usize = (16 << 20) + 1;

/// A method of this pool by its full name, `package.Service/Method`.
pub fn method(pool: &DescriptorPool, name: &str) -> Option<MethodDescriptor> {
    let (service, method) = name.split_once('/')?;
    let service = pool.get_service_by_name(service)?;
    service.methods().find(|one| one.name() == method)
}

/// The full name of a method, `package.Service/Method`.
pub fn name(method: &MethodDescriptor) -> String {
    format!("{}/{}", method.parent_service().full_name(), method.name())
}

/// A message of this type, if there is room for it.
pub(crate) fn decode(
    of: MessageDescriptor,
    encoded: Bytes,
    room: &mut Room,
) -> Result<DynamicMessage, Unfit> {
    room.take(&of, &encoded)?;
    Ok(DynamicMessage::decode(of, encoded)?)
}

/// A message out of its JSON form.
///
/// # Errors
///
/// When the text is no JSON, or not of this type.
pub fn from_json(
    descriptor: MessageDescriptor,
    json: &str,
) -> Result<DynamicMessage, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let message = DynamicMessage::deserialize(descriptor, &mut deserializer)?;
    deserializer.end()?;
    Ok(message)
}

/// A message in its JSON form: 64-bit numbers as text, bytes as base64.
///
/// # Errors
///
/// When it holds an `Any` whose type its pool does not know, or a time outside
/// the years of the JSON form.
pub fn to_json(message: &DynamicMessage) -> Result<String, serde_json::Error> {
    serde_json::to_string(message)
}

/// What one reply of a scripted server is.
pub type Scripted = Result<DynamicMessage, Status>;

/// Answers callbacks by their descriptors.
#[derive(Clone)]
pub struct Script(Arc<Answering>);

type Answering = dyn Fn(&MethodDescriptor, DynamicMessage) -> Scripted + Send + Sync;

impl Script {
    /// Answers by this function.
    pub fn new(
        answer: impl Fn(&MethodDescriptor, DynamicMessage) -> Scripted + Send + Sync + 'static,
    ) -> Self {
        Script(Arc::new(answer))
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Script")
    }
}

/// Answers one unary request by a script, with the newest interface's
/// descriptors; `most` bounds the request and `room` what it takes in memory,
/// in bytes.
pub(crate) async fn answer(
    request: http::Request<hyper::body::Incoming>,
    script: &Script,
    most: usize,
    room: usize,
) -> http::Response<Body> {
    let path = request.uri().path().trim_start_matches('/');
    let method = method(interface::newest(), path)
        .filter(|method| method.parent_service().full_name() == HOST_SERVICE);
    let Some(method) = method else {
        return Status::unimplemented("no such method").into_http();
    };
    let one = One {
        script: script.clone(),
        method,
        room: Room::of(room),
    };
    Grpc::new(RawCodec)
        .max_decoding_message_size(most)
        .unary(one, request)
        .await
}

struct One {
    script: Script,
    method: MethodDescriptor,
    room: Room,
}

impl One {
    fn answer(&mut self, request: Bytes) -> Result<Response<Bytes>, Status> {
        let request = decode(self.method.input(), request, &mut self.room)?;
        let answer = (self.script.0)(&self.method, request)?;
        Ok(Response::new(answer.encode_to_vec().into()))
    }
}

impl UnaryService<Bytes> for One {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        ready(self.answer(request.into_inner()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::call::{CallEnd, Caller};
    use crate::channel;
    use crate::handshake::Network;
    use crate::services::{HostServer, Listen};
    use crate::transcript::Transcript;
    use prost_reflect::Value;
    use proto::aperio::plugin::v1 as api;
    use std::time::{Duration, Instant};

    const LIMIT: Duration = Duration::from_secs(10);

    async fn serving() -> (HostServer, Caller) {
        let server = HostServer::open(&Listen::Loopback, None).await.unwrap();
        let io = channel::dial(&Network::Tcp, server.address())
            .await
            .unwrap();
        let channel = channel::over(io, LIMIT).await.unwrap();
        let caller = Caller::new(channel, Transcript::new(Instant::now()), LIMIT);
        (server, caller)
    }

    fn kv_get() -> MethodDescriptor {
        method(interface::newest(), "aperio.plugin.v1.HostService/KvGet").unwrap()
    }

    fn one_value() -> Script {
        Script::new(|method, request| {
            let key = request.get_field_by_name("key").unwrap();
            if key.as_str() != Some("a/key") {
                return Err(Status::not_found("no such key"));
            }
            from_json(method.output(), r#"{"value": "aGVsbG8=", "version": "7"}"#)
                .map_err(|error| Status::internal(error.to_string()))
        })
    }

    #[tokio::test]
    async fn both_sides_speak_by_descriptors() {
        let (server, caller) = serving().await;
        server.answer_by(Some(one_value()));
        let request = from_json(
            kv_get().input(),
            r#"{"key": "a/key", "scope": "KV_SCOPE_INTEGRATION"}"#,
        );
        let answer = caller
            .dynamic(&kv_get(), request.unwrap())
            .await
            .answer()
            .unwrap();
        assert_eq!(
            to_json(&answer).unwrap(),
            r#"{"value":"aGVsbG8=","version":"7"}"#
        );
        assert_eq!(
            server.callbacks()[0].method,
            "aperio.plugin.v1.HostService/KvGet"
        );
    }

    #[tokio::test]
    async fn generated_code_meets_descriptors() {
        let (server, caller) = serving().await;
        server.answer_by(Some(one_value()));
        let request = |key: &str| api::KvGetRequest {
            key: key.to_owned(),
            ..Default::default()
        };
        let name = "aperio.plugin.v1.HostService/KvGet";
        let answer: CallEnd<api::KvGetResponse> = caller.unary(name, request("a/key")).await;
        assert_eq!(answer.answer().unwrap().value, b"hello");
        let refused: CallEnd<api::KvGetResponse> = caller.unary(name, request("other")).await;
        assert_eq!(refused.code(), Some(tonic::Code::NotFound));

        server.answer_by(None);
        let method = method(
            interface::newest(),
            "aperio.plugin.v1.HostService/WriteLogs",
        )
        .unwrap();
        let logs = from_json(method.input(), r#"{"entries": [{"message": "one"}, {}]}"#).unwrap();
        let end = caller
            .exchange(&method, vec![logs], 10)
            .await
            .answer()
            .unwrap();
        let accepted = end[0].get_field_by_name("accepted").unwrap();
        assert_eq!(*accepted, Value::U32(2));
    }

    #[tokio::test]
    async fn what_nobody_reads_may_be_of_any_size() {
        let (server, caller) = serving().await;
        let large = Script::new(|method, _| {
            let value = Value::Bytes(vec![0; 5 << 20].into());
            let mut answer = DynamicMessage::new(method.output());
            answer.set_field_by_name("value", value);
            Ok(answer)
        });
        server.answer_by(Some(large));
        let name = "aperio.plugin.v1.HostService/KvGet";
        let end = caller.raw(name, Request::new(Bytes::new())).await;
        assert!(matches!(end, CallEnd::Answer(())), "{end}");
        let end: CallEnd<api::KvGetResponse> =
            caller.unary(name, api::KvGetRequest::default()).await;
        assert!(
            matches!(&end, CallEnd::TooLarge(text) if text.contains("found")),
            "{end}"
        );
        assert!(caller.health("").await.replied(), "the connection lives on");
    }

    #[tokio::test]
    async fn short_elements_by_the_million_are_refused_on_either_side() {
        let (server, caller) = serving().await;
        let entries = Script::new(|method, _| {
            let entry = method.output().get_field_by_name("entries").unwrap();
            let entry = entry.kind().as_message().unwrap().clone();
            let entries = vec![Value::Message(DynamicMessage::new(entry)); 100_000];
            let mut answer = DynamicMessage::new(method.output());
            answer.set_field_by_name("entries", Value::List(entries));
            Ok(answer)
        });
        server.answer_by(Some(entries));
        let list = "aperio.plugin.v1.HostService/KvList";
        let end: CallEnd<api::KvListResponse> =
            caller.unary(list, api::KvListRequest::default()).await;
        assert!(
            matches!(&end, CallEnd::TooLarge(text) if text.contains("24 MiB")),
            "{end}"
        );
        let by_descriptor = method(interface::newest(), list).unwrap();
        let request = || DynamicMessage::new(by_descriptor.input());
        let end = caller.dynamic(&by_descriptor, request()).await;
        assert!(
            matches!(&end, CallEnd::TooLarge(text) if text.contains("24 MiB")),
            "{end}"
        );
        let end = caller.exchange(&by_descriptor, vec![request()], 1).await;
        assert!(
            matches!(&end, CallEnd::TooLarge(text) if text.contains("24 MiB")),
            "{end}"
        );

        server.answer_by(None);
        let entries = vec![api::LogEntry::default(); 100_000];
        let end: CallEnd<api::WriteLogsResponse> = caller
            .unary(
                "aperio.plugin.v1.HostService/WriteLogs",
                api::WriteLogsRequest { entries },
            )
            .await;
        assert_eq!(end.code(), Some(tonic::Code::ResourceExhausted), "{end}");
    }

    #[test]
    fn json_of_another_type_is_refused() {
        for json in [r#"{"nope": 1}"#, r#"{"key": 1}"#, "{", "{} {}"] {
            assert!(from_json(kv_get().input(), json).is_err(), "{json}");
        }
    }
}
