use super::dial_back::attached;
use crate::declare::requirement;
use host::CallEnd;
use host::services::Fault;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};
use tonic::Code;

requirement! {
    /// A failing host service does no harm.
    ///
    /// The host restarts, refuses, or is slow. The plugin's call ends with an answer or a status then, and the plugin goes on.
    ///
    /// ## How it is judged
    ///
    /// One attached launch for each fault: the host's services answer with INTERNAL, say nothing, or close the connection while a light operation runs. The operation must end within the limit of a call beyond the time it takes while the host is well, health must be SERVING, and the process must live. A plugin that calls nobody meanwhile is not judged.
    ///
    /// ## Usual causes
    ///
    /// A callback without a deadline; an error of the host that is taken for a reason to end.
    "BRK-014", Must, since "1.0", waits long
}

async fn judge(case: &mut Case) -> Judgement {
    let (mut session, server, operation) = match attached(case, &case.base()).await? {
        Ok(ready) => ready,
        Err(verdict) => return Ok(verdict),
    };
    let limit = session.limits().rpc + operation.takes(&mut session).await?;
    session.stop().await;
    drop(server);
    let mut findings = Vec::new();
    let mut callbacks = 0;
    for (fault, text) in [
        (Fault::Refuse(Code::Internal), "answers INTERNAL"),
        (Fault::Silence, "does not answer"),
        (Fault::Cut, "closes the connection"),
    ] {
        let (mut session, server, operation) = match attached(case, &case.base()).await? {
            Ok(ready) => ready,
            Err(verdict) => return Ok(verdict),
        };
        let before = server.callback_count();
        server.fail_with(fault);
        let end = operation.call(&session.caller().within(limit)).await;
        let end = session.settle(end).await;
        callbacks += server.callback_count() - before;
        let seen = match end {
            CallEnd::Answer(()) | CallEnd::Refused(_) => None,
            end => Some(format!("{} ended so: {end}", operation.method())),
        };
        let seen = match (seen, session.exited()) {
            (_, Some(exit)) => Some(format!("the process ended: {exit}")),
            (None, None) if !session.is_as_healthy().await => {
                Some("health does not answer as before".to_owned())
            }
            (seen, None) => seen,
        };
        if let Some(seen) = seen {
            findings.push(
                Finding::new(format!("the plugin suffers when its host {text}"))
                    .at(Place::Call {
                        method: operation.method().to_owned(),
                    })
                    .expected("an answer or a status, and a plugin that goes on")
                    .actual(seen)
                    .with(session.evidence()),
            );
        }
        session.finish().await;
    }
    if callbacks == 0 {
        return Ok(Verdict::not_claimed(
            "the light operation calls nobody back",
        ));
    }
    Ok(Verdict::of(findings))
}
