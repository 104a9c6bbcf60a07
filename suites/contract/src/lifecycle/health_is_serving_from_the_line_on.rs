use crate::declare::requirement;
use host::Session;
use host::call::{HEALTH, code_name};
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Health is SERVING from the handshake on.
    ///
    /// grpc.health.v1, service `plugin`, answers SERVING from the handshake line on.
    ///
    /// ## How it is judged
    ///
    /// The first call on the channel of each launch, tried once, must be answered with SERVING.
    ///
    /// ## Usual causes
    ///
    /// The health service is registered under another name than `plugin`, or set SERVING later.
    "LIFE-005", Must, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    let seen = match &session.facts().first_health {
        Some(Ok(1)) => return Ok(Verdict::Pass),
        Some(Ok(status)) => format!("status {status}"),
        Some(Err((code, message))) => {
            format!("{} {message:?}", code_name(tonic::Code::from_i32(*code)))
        }
        None => "no answer".to_owned(),
    };
    Ok(Verdict::fail(
        Finding::new("health of `plugin` was not SERVING right after the line")
            .at(Place::Call {
                method: HEALTH.to_owned(),
            })
            .expected("SERVING (1)")
            .actual(seen)
            .with(session.evidence()),
    ))
}
