use super::dial_back::attached;
use crate::declare::requirement;
use futures::future::join_all;
use runner::Case;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};

/// Operations, each with a callback or none.
const OPERATIONS: usize = 200;
/// Operations side by side, so that slow ones, too, are enough in time: half of
/// the connections that may be kept.
const SIDE_BY_SIDE: usize = KEPT / 2;
/// Fewest callbacks that tell a leak from what may be kept.
const TELLING: u64 = 24;
/// The time of all operations, in calls that take as long as one may.
const CALLS_LONG: u32 = 6;
/// Connections a plugin may keep open, whatever its client does.
const KEPT: usize = 8;

requirement! {
    /// Callback connections are reused or closed.
    ///
    /// A plugin lives for days; a connection that is left behind by each callback ends in descriptors that run out, on both sides.
    ///
    /// ## How it is judged
    ///
    /// 200 light operations on one attached plugin, four at a time, and fewer where they do not fit a minute; at their end no more than 8 connections to the host's services may be open. A plugin that calls nobody meanwhile is not judged, and neither is one whose operation asks a provider.
    ///
    /// ## Usual causes
    ///
    /// A connection for every callback that nobody closes: dial once, at Attach, and keep it.
    "BRK-013", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let (mut session, server, operation) = match attached(case, &case.base()).await? {
        Ok(ready) => ready,
        Err(verdict) => return Ok(verdict),
    };
    if !operation.is_local() {
        session.stop().await;
        return Ok(Verdict::not_claimed(
            "the light operation asks a provider, which is not done 200 times",
        ));
    }
    let before = server.callback_count();
    let caller = session.caller();
    let deadline = Instant::now() + session.limits().rpc * CALLS_LONG;
    let mut operations = 0;
    while operations < OPERATIONS && Instant::now() < deadline {
        operations += SIDE_BY_SIDE;
        for end in join_all((0..SIDE_BY_SIDE).map(|_| operation.call(&caller))).await {
            let end = session.settle(end).await;
            let _ = session.replied(operation.method(), end)?;
        }
    }
    let callbacks = server.callback_count() - before;
    let open = |server: &host::services::HostServer| {
        server
            .connections()
            .iter()
            .filter(|connection| connection.open)
            .count()
    };
    // A connection that is being closed needs a moment.
    server
        .wait_for(Duration::from_secs(1), |server| open(server) <= KEPT)
        .await;
    let left = open(&server);
    let verdict = if callbacks < operations as u64 / 2 {
        Verdict::not_claimed("the light operation calls nobody back")
    } else if callbacks < TELLING && left <= KEPT {
        Verdict::vacuous(format!("only {callbacks} callbacks came in time"))
    } else if left <= KEPT {
        Verdict::Pass
    } else {
        Verdict::fail(
            Finding::new("callbacks leave connections behind")
                .at(Place::Process)
                .expected(format!(
                    "at most {KEPT} open connections to the host's services"
                ))
                .actual(format!("{left} after {callbacks} callbacks")),
        )
    };
    session.stop().await;
    Ok(verdict)
}
