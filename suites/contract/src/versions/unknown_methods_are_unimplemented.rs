use crate::declare::requirement;
use host::Session;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Unknown methods answer UNIMPLEMENTED.
    ///
    /// A newer host finds out by calling; every other answer misleads it.
    ///
    /// ## How it is judged
    ///
    /// An unknown service, and an unknown method of a served one.
    "VER-007", Must, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    let mut findings = Vec::new();
    for method in ["nope.Nope/Nope", "grpc.health.v1.Health/Nope"] {
        let caller = session.caller();
        let end = caller.raw(method, tonic::Request::new(bytes::Bytes::new())).await;
        let end = session.settle(end).await;
        if end.code() != Some(tonic::Code::Unimplemented) {
            findings.push(
                Finding::new(format!("{method} is unknown and did not answer UNIMPLEMENTED"))
                    .at(Place::Call { method: method.to_owned() })
                    .expected("UNIMPLEMENTED")
                    .actual(end.to_string())
                    .with(session.evidence()),
            );
        }
    }
    Ok(Verdict::of(findings))
}
