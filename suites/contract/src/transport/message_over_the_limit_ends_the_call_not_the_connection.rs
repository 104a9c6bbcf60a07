use crate::declare::requirement;
use crate::health_call::{check, check_with_unknown, is_ok, seen, wire};
use host::Session;
use host::call::HEALTH;
use host::wire::Question;
use terms::{Finding, Judgement, Place, Verdict};

/// Twice the limit that gRPC servers have without being told.
const LENGTH: usize = 8 << 20;

requirement! {
    /// A message over the limit ends the call, not the connection.
    ///
    /// Other calls share the connection; they must not pay for one that is too large.
    ///
    /// ## How it is judged
    ///
    /// A health check with an unknown field of 8 MiB, on a connection of its own: it must end with a status, and a small one over the same connection must be answered then. A plugin that accepts the 8 MiB has a higher limit and is not judged.
    ///
    /// ## Usual causes
    ///
    /// A codec that throws in the middle of a frame; an HTTP server in front with a limit of its own.
    "RPC-015", Should, since "1.0", session
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
        return Ok(Verdict::not_claimed(
            "the plugin accepts a message of 8 MiB",
        ));
    }
    let message = if reply.as_ref().is_ok_and(|reply| reply.code().is_some()) {
        let after = wire.ask(&Question::new(HEALTH, check("plugin"))).await;
        if is_ok(&after) {
            return Ok(Verdict::Pass);
        }
        let seen = seen(session, &after).await;
        ("the connection is lost with a message over the limit", seen)
    } else {
        let seen = seen(session, &reply).await;
        ("a message over the limit does not end with a status", seen)
    };
    Ok(Verdict::fail(
        Finding::new(message.0)
            .at(Place::Call {
                method: HEALTH.to_owned(),
            })
            .expected("a status, RESOURCE_EXHAUSTED as a rule, and a connection that goes on")
            .actual(message.1)
            .with(session.evidence()),
    ))
}
