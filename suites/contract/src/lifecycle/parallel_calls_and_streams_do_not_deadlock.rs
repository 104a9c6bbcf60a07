use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::operation::Operation;
use host::call::HEALTH;
use host::{CallEnd, Session};
use proto::grpc::health::v1::HealthCheckRequest;
use proto::grpc::health::v1::health_client::HealthClient;
use runner::Case;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};
use tokio::task::JoinSet;

/// Unary calls side by side.
const CALLS: usize = 16;
/// Streams side by side, beside those of go-plugin.
const STREAMS: usize = 4;
/// What all calls at once may take beyond twice the time of one.
const BESIDE: Duration = Duration::from_secs(1);

requirement! {
    /// Parallel calls and streams do not deadlock.
    ///
    /// A plugin handles at least 16 unary calls and 4 streams at a time, beside the stdio and broker streams that stay open for its whole life.
    ///
    /// ## How it is judged
    ///
    /// One launch holds both of go-plugin's streams, four health watches, and one call that waits; then 16 calls are made at once, a light operation or else health. All must end within the limit of a call beyond the time that one took alone, and while the waiting call still waits, or as soon as one alone would.
    ///
    /// ## Usual causes
    ///
    /// A pool of threads that streams use up; one lock around all handlers.
    "LIFE-010", Must, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let operation = Operation::of(&mut session).await?;
    let alone = match &operation {
        Some(operation) => operation.takes(&mut session).await?,
        None => Duration::ZERO,
    };
    let watches = watch(&session);
    let held = InFlight::hold(&mut session).await?;
    let limit = session.limits().rpc + alone;
    let began = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..CALLS {
        let (caller, operation) = (session.caller().within(limit), operation.clone());
        calls.spawn(async move {
            match operation {
                Some(operation) => operation.call(&caller).await,
                None => caller.health("plugin").await.map(|_| ()),
            }
        });
    }
    let mut ends = Vec::new();
    while let Some(end) = calls.join_next().await {
        ends.extend(end.ok());
    }
    let took = began.elapsed();
    // Together with the waiting call all calls end at once, so that a plugin
    // which takes one at a time shows only in their order. Calls that take
    // longer than the other one waits end after it without any wait.
    let waited_for = held.as_ref().is_some_and(InFlight::has_ended) && took > alone * 2 + BESIDE;
    let replied = ends.iter().filter(|end| end.replied()).count();
    let other = ends.into_iter().find(|end| !end.replied());
    let method = operation.map_or(HEALTH, |operation| operation.method());
    let seen = match other {
        Some(CallEnd::Died(exit)) => Some(format!("the process ended: {exit}")),
        Some(end) => Some(format!(
            "{replied} of {CALLS} calls were replied to; another ended so: {end}"
        )),
        None if waited_for => Some(format!(
            "the calls ended after {} ms, once the waiting call had ended; one alone took {} ms",
            took.as_millis(),
            alone.as_millis()
        )),
        None => None,
    };
    let verdict = match seen {
        None => Verdict::Pass,
        Some(seen) => Verdict::fail(
            Finding::new("calls side by side wait for one another")
                .at(Place::Call {
                    method: method.to_owned(),
                })
                .expected(format!(
                    "{CALLS} replies beside {STREAMS} streams and a call that waits"
                ))
                .actual(seen)
                .with(session.evidence()),
        ),
    };
    drop(watches);
    drop(held);
    session.finish().await;
    Ok(verdict)
}

/// Streams that stay open; a plugin without Watch ends them at once.
fn watch(session: &Session) -> JoinSet<()> {
    let mut watches = JoinSet::new();
    for _ in 0..STREAMS {
        let mut client = HealthClient::new(session.caller().channel());
        watches.spawn(async move {
            let request = HealthCheckRequest {
                service: "plugin".to_owned(),
            };
            if let Ok(response) = client.watch(request).await {
                let mut stream = response.into_inner();
                while let Ok(Some(_)) = stream.message().await {}
            }
        });
    }
    watches
}
