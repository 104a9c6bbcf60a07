use super::dial_back::attached;
use crate::declare::requirement;
use runner::Case;
use std::time::Duration;
use terms::{Finding, Judgement, Place, Verdict};

/// Operations, each with a callback or none.
const OPERATIONS: usize = 200;
/// Connections a plugin may keep open, whatever its client does.
const KEPT: usize = 8;

requirement! {
    /// Callback connections are reused or closed.
    ///
    /// A plugin lives for days; a connection that is left behind by each callback ends in descriptors that run out, on both sides.
    ///
    /// ## How it is judged
    ///
    /// 200 light operations on one attached plugin; at their end no more than 8 connections to the host's services may be open. A plugin that calls nobody meanwhile is not judged.
    "BRK-013", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let (mut session, server, operation) = match attached(case, &case.base()).await? {
        Ok(ready) => ready,
        Err(verdict) => return Ok(verdict),
    };
    let before = server.callback_count();
    let caller = session.caller();
    for _ in 0..OPERATIONS {
        let end = operation.call(&caller).await;
        let end = session.settle(end).await;
        let _ = session.replied(operation.method(), end)?;
    }
    let callbacks = server.callback_count() - before;
    let open = |server: &host::services::HostServer| {
        server.connections().iter().filter(|connection| connection.open).count()
    };
    // A connection that is being closed needs a moment.
    server.wait_for(Duration::from_secs(1), |server| open(server) <= KEPT).await;
    let left = open(&server);
    let verdict = if callbacks < OPERATIONS as u64 / 2 {
        Verdict::not_claimed("the light operation calls nobody back")
    } else if left <= KEPT {
        Verdict::Pass
    } else {
        Verdict::fail(
            Finding::new("callbacks leave connections behind")
                .at(Place::Process)
                .expected(format!("at most {KEPT} open connections to the host's services"))
                .actual(format!("{left} after {callbacks} callbacks")),
        )
    };
    session.stop().await;
    Ok(verdict)
}
