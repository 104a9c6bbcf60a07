use crate::declare::requirement;
use host::Session;
use host::call::HEALTH;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Unknown services are NOT_FOUND.
    ///
    /// A host that asks for the wrong name should learn so.
    ///
    /// ## How it is judged
    ///
    /// A health check of a service that nobody serves must end with NOT_FOUND.
    ///
    /// ## Usual causes
    ///
    /// A health service by hand that answers every name alike; the one that comes with gRPC's library knows which it was told of.
    "HLT-001", Should, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    let end = session.health("nonesuch").await;
    if end.code() == Some(tonic::Code::NotFound) {
        return Ok(Verdict::Pass);
    }
    Ok(Verdict::fail(
        Finding::new("an unknown service is not NOT_FOUND")
            .at(Place::Call {
                method: HEALTH.to_owned(),
            })
            .expected("NOT_FOUND")
            .actual(end.to_string())
            .with(session.evidence()),
    ))
}
