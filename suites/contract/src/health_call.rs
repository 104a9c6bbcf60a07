//! Health checks as raw requests: the call that every plugin serves, and that
//! takes whatever a check wants to add.

use crate::observed::blocked_by;
use bytes::Bytes;
use host::Session;
use host::call::HEALTH;
use host::wire::{NoReply, Question, Reply, Wire};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint};
use proto::grpc::health::v1::HealthCheckRequest;
use std::time::Duration;
use terms::Verdict;

/// A number that no field of the message has.
const UNKNOWN_FIELD: u32 = 1999;
/// How long an exit may trail the call that it broke.
const EXIT: Duration = Duration::from_millis(500);

/// The request for one service.
pub(crate) fn check(service: &str) -> Bytes {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    Bytes::from(request.encode_to_vec())
}

/// The request for the plugin, with an unknown field of this many bytes.
pub(crate) fn check_with_unknown(length: usize) -> Bytes {
    let mut bytes = check("plugin").to_vec();
    encode_key(UNKNOWN_FIELD, WireType::LengthDelimited, &mut bytes);
    encode_varint(length as u64, &mut bytes);
    bytes.resize(bytes.len() + length, b'x');
    Bytes::from(bytes)
}

/// A further connection over which an ordinary health check is answered; else
/// the verdict, since there is nothing to compare with.
pub(crate) async fn wire(session: &Session) -> Result<Wire, Verdict> {
    if !matches!(session.facts().first_health, Some(Ok(_))) {
        return Err(blocked_by("LIFE-005"));
    }
    let Ok(mut wire) = session.wire().await else {
        return Err(blocked_by("RPC-002"));
    };
    match wire.ask(&Question::new(HEALTH, check("plugin"))).await {
        Ok(_) => Ok(wire),
        Err(_) => Err(blocked_by("RPC-002")),
    }
}

/// Whether the reply is an answer to the call.
pub(crate) fn is_ok(reply: &Result<Reply, NoReply>) -> bool {
    matches!(reply, Ok(reply) if reply.code() == Some(0) && reply.broken.is_none())
}

/// How a call ended that was not answered: the end of the process tells more
/// than what it broke.
pub(crate) async fn seen(session: &mut Session, reply: &Result<Reply, NoReply>) -> String {
    match reply {
        Ok(reply) => reply.to_string(),
        Err(none) => match session.process().exited_within(EXIT).await {
            Some(exit) => format!("the process ended: {exit}"),
            None => none.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_skipped() {
        let bytes = check_with_unknown(1 << 20);
        assert!(bytes.len() > 1 << 20);
        let request = HealthCheckRequest::decode(bytes).unwrap();
        assert_eq!(request.service, "plugin");
    }
}
