use crate::declare::requirement;
use crate::health_call::{check, is_ok, seen, wire};
use host::Session;
use host::call::HEALTH;
use host::wire::Question;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Health needs no metadata.
    ///
    /// Hosts ask for health before they know anything of the plugin, and with nothing to show.
    ///
    /// ## How it is judged
    ///
    /// A health check with the headers that gRPC demands and no others: no user agent, no deadline, no metadata. It must end with `grpc-status` 0.
    ///
    /// ## Usual causes
    ///
    /// An interceptor that wants a token of every call.
    "HLT-005", Must, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    let mut wire = match wire(session).await {
        Ok(wire) => wire,
        Err(verdict) => return Ok(verdict),
    };
    let reply = wire.ask(&Question::bare(HEALTH, check("plugin"))).await;
    if is_ok(&reply) {
        return Ok(Verdict::Pass);
    }
    let seen = seen(session, &reply).await;
    Ok(Verdict::fail(
        Finding::new("a health check without metadata is not answered")
            .at(Place::Call {
                method: HEALTH.to_owned(),
            })
            .expected("grpc-status 0")
            .actual(seen)
            .with(session.evidence()),
    ))
}
