use crate::broker::attached;
use crate::declare::requirement;
use host::services::{Fault, HostServer};
use runner::Case;
use std::time::Duration;
use terms::{Finding, Judgement, Place, Verdict};

const DEADLINE: Duration = Duration::from_millis(200);
/// How long after the deadline work may go on.
const GRACE: Duration = Duration::from_secs(1);

requirement! {
    /// A passed deadline ends the work.
    ///
    /// The host has stopped waiting; what goes on behind its back is load and, towards a provider, an effect nobody asked for any more.
    ///
    /// ## How it is judged
    ///
    /// A light operation with a deadline of 200 ms, while the host's services do not answer: the callback it is waiting for must have been given up 1 s after the deadline. A plugin that calls nobody meanwhile is not judged.
    ///
    /// ## Usual causes
    ///
    /// A callback without the deadline of the call it serves: pass the call's context on.
    "RPC-006", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let (session, server, operation) = match attached(case, &case.base()).await? {
        Ok(ready) => ready,
        Err(verdict) => return Ok(verdict),
    };
    server.fail_with(Fault::Silence);
    let before = server.callbacks().len();
    operation.call_until(&session.caller(), DEADLINE).await;
    let given_up = |server: &HostServer| {
        server.callbacks()[before..]
            .iter()
            .all(|callback| callback.over.is_some())
    };
    let ended = server.wait_for(GRACE, given_up).await;
    let verdict = if server.callbacks().len() == before {
        Verdict::not_claimed("the light operation calls nobody back")
    } else if ended {
        Verdict::Pass
    } else {
        Verdict::fail(
            Finding::new("work goes on after the call's deadline")
                .at(Place::Call {
                    method: operation.method().to_owned(),
                })
                .expected("a callback that is given up within 1 s of the deadline")
                .actual("a callback that still waits for the host")
                .with(session.evidence()),
        )
    };
    session.finish().await;
    Ok(verdict)
}
