use crate::declare::requirement;
use host::CallEnd;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Unknown methods answer UNIMPLEMENTED.
    ///
    /// A newer host finds out by calling; every other answer misleads it.
    ///
    /// ## How it is judged
    ///
    /// A call of an unknown service, and one of an unknown method of a served one, must both end with UNIMPLEMENTED. They have a launch of their own, since a plugin may hang up on the first of them.
    ///
    /// ## Usual causes
    ///
    /// A proxy or a fallback handler in front of the server; an exception for the unknown name.
    "VER-007", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let mut findings = Vec::new();
    for method in ["nope.Nope/Nope", "grpc.health.v1.Health/Nope"] {
        let caller = session.caller();
        let end = caller
            .raw(method, tonic::Request::new(bytes::Bytes::new()))
            .await;
        let end = session.settle(end).await;
        if end.code() != Some(tonic::Code::Unimplemented) {
            findings.push(
                Finding::new(format!(
                    "{method} is unknown and did not answer UNIMPLEMENTED"
                ))
                .at(Place::Call {
                    method: method.to_owned(),
                })
                .expected("UNIMPLEMENTED")
                .actual(end.to_string())
                .with(session.evidence()),
            );
        }
        if matches!(end, CallEnd::Broken(_) | CallEnd::Died(_)) {
            // Nothing is left to call.
            break;
        }
    }
    session.finish().await;
    Ok(Verdict::of(findings))
}
