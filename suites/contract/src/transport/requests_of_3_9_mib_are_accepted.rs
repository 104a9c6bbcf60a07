use crate::declare::requirement;
use crate::health_call::{check_with_unknown, is_ok, seen, wire};
use host::Session;
use host::call::HEALTH;
use host::wire::Question;
use terms::{Finding, Judgement, Place, Verdict};

/// 3.9 MiB, less than the 4 MiB that gRPC servers take without being told.
const LENGTH: usize = 39 * (1 << 20) / 10;

requirement! {
    /// Requests of 3.9 MiB are accepted.
    ///
    /// Hosts send up to 4 MiB less 64 KiB in one message, so a plugin takes as much.
    ///
    /// ## How it is judged
    ///
    /// A health check with an unknown field of 3.9 MiB, which every protobuf runtime skips, must be answered like any other.
    ///
    /// ## Usual causes
    ///
    /// A limit set below the runtime's own of 4 MiB.
    "RPC-004", Must, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    let mut wire = match wire(session).await {
        Ok(wire) => wire,
        Err(verdict) => return Ok(verdict),
    };
    let reply = wire
        .ask(&Question::new(HEALTH, check_with_unknown(LENGTH)))
        .await;
    if is_ok(&reply) {
        return Ok(Verdict::Pass);
    }
    let seen = seen(session, &reply).await;
    Ok(Verdict::fail(
        Finding::new("a request of 3.9 MiB is not accepted")
            .at(Place::Call {
                method: HEALTH.to_owned(),
            })
            .expected("grpc-status 0")
            .actual(seen)
            .with(session.evidence()),
    ))
}
