use super::START_STREAM;
use crate::declare::requirement;
use host::{Session, StreamState};
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The broker stream lasts until shutdown.
    ///
    /// There is one stream per process. When it ends, go-plugin closes the broker for good, and the host's services are out of reach.
    ///
    /// ## How it is judged
    ///
    /// StartStream, opened right after the first health answer of each launch, must not have ended after two more round trips, nor within half a second. A plugin without the service is told by BRK-001.
    ///
    /// ## Usual causes
    ///
    /// A handler that returns at once, or as soon as nothing is waiting; it has to hold the stream until the host ends it.
    "BRK-002", Must, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    session.health("plugin").await;
    session.health("plugin").await;
    let Some(broker) = session.broker() else {
        return Ok(Verdict::vacuous("the stream was not opened"));
    };
    let seen = match broker.settled().await {
        StreamState::Open => return Ok(Verdict::Pass),
        state if state.is_missing() => {
            return Ok(Verdict::not_claimed("the plugin serves no broker"));
        }
        StreamState::Ended => "the stream ended without an error".to_owned(),
        StreamState::Failed(status) => format!("the stream failed: {}", status.message()),
    };
    Ok(Verdict::fail(
        Finding::new("StartStream ended before shutdown")
            .at(Place::Call {
                method: START_STREAM.to_owned(),
            })
            .expected("a stream that stays open")
            .actual(seen)
            .with(session.evidence()),
    ))
}
