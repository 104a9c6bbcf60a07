use crate::declare::requirement;
use crate::health_call::check;
use host::call::HEALTH;
use host::channel::Target;
use host::wire::{Question, Wire};
use host::{Launch, Start};
use runner::Case;
use std::time::Duration;
use terms::{Evidence, Finding, Judgement, Place, Verdict};

/// How long a plugin has to show that it ends with a connection.
const SETTLES: Duration = Duration::from_millis(500);

requirement! {
    /// Several connections are served, and again after one closed.
    ///
    /// A host that lost its connection dials again, and tools connect beside it. The process ends when it is told to, not when a client leaves.
    ///
    /// ## How it is judged
    ///
    /// In each mode: two connections at a time, then the first is closed, then the second, then one more is opened. Each must answer a health check while it is open.
    ///
    /// ## Usual causes
    ///
    /// `accept` once in place of a loop; a server that stops when its first connection ends.
    "RPC-002", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut findings = Vec::new();
    for launch in [Launch::default(), Launch::auto_mtls()] {
        let mode = launch.mode();
        if !case.came_up(mode) {
            continue;
        }
        let mut start = case.start(&launch).await?;
        let Some(target) = start.target() else {
            start.finish().await;
            return Ok(Verdict::vacuous("a further launch printed no usable line"));
        };
        let limit = start.limits().rpc;
        let Ok(first) = connection(&target, limit).await else {
            start.finish().await;
            return Ok(Verdict::vacuous("the first connection did not come up"));
        };
        if let Err((when, seen)) = further(&mut start, &target, first).await {
            let evidence = Evidence {
                stderr: start.stderr().tail(20),
                ..Evidence::default()
            };
            findings.push(
                Finding::new(format!("a connection is not served {when} ({mode})"))
                    .at(Place::Call {
                        method: HEALTH.to_owned(),
                    })
                    .expected("a reply to a health check on each open connection")
                    .actual(seen)
                    .with(evidence),
            );
        }
        start.finish().await;
    }
    Ok(Verdict::of(findings))
}

/// What happened, and when, where a connection was not served.
async fn further(
    start: &mut Start,
    target: &Target,
    mut first: Wire,
) -> Result<(), (&'static str, String)> {
    let limit = start.limits().rpc;
    let when = "beside another";
    let mut second = connection(target, limit)
        .await
        .map_err(|seen| (when, seen))?;
    healthy(&mut first).await.map_err(|seen| (when, seen))?;
    drop(first);
    let when = "after the first has closed";
    stays(start).await.map_err(|seen| (when, seen))?;
    healthy(&mut second).await.map_err(|seen| (when, seen))?;
    drop(second);
    let when = "after all others have closed";
    stays(start).await.map_err(|seen| (when, seen))?;
    connection(target, limit)
        .await
        .map(|_| ())
        .map_err(|seen| (when, seen))
}

async fn stays(start: &mut Start) -> Result<(), String> {
    match start.process().exited_within(SETTLES).await {
        Some(exit) => Err(format!("the process ended: {exit}")),
        None => Ok(()),
    }
}

async fn connection(target: &Target, limit: Duration) -> Result<Wire, String> {
    let mut wire = Wire::open(target, limit)
        .await
        .map_err(|failure| format!("{} failed: {}", failure.step, failure.text))?;
    healthy(&mut wire).await?;
    Ok(wire)
}

/// Any reply will do: what it says belongs to other requirements.
async fn healthy(wire: &mut Wire) -> Result<(), String> {
    let reply = wire.ask(&Question::new(HEALTH, check("plugin"))).await;
    reply.map(|_| ()).map_err(|none| none.to_string())
}
