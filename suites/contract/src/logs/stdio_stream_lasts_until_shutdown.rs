use super::STREAM_STDIO;
use crate::declare::requirement;
use host::{Session, StreamState};
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The stdio stream lasts until shutdown.
    ///
    /// There is one stream per process. When it ends, the host loses whatever the plugin prints from then on.
    ///
    /// ## How it is judged
    ///
    /// StreamStdio, opened right after the first health answer of each launch, must not have ended after two more round trips, nor within half a second. A plugin without the service is told by LOG-001.
    ///
    /// ## Usual causes
    ///
    /// A handler that returns when there is nothing to send; it has to wait until the host ends the stream.
    "LOG-002", Should, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    session.health("plugin").await;
    session.health("plugin").await;
    let Some(stdio) = session.stdio() else {
        return Ok(Verdict::vacuous("the stream was not opened"));
    };
    let seen = match stdio.settled().await {
        StreamState::Open => return Ok(Verdict::Pass),
        state if state.is_missing() => {
            return Ok(Verdict::not_claimed("the plugin serves no stdio"));
        }
        StreamState::Ended => "the stream ended without an error".to_owned(),
        StreamState::Failed(status) => format!("the stream failed: {}", status.message()),
    };
    Ok(Verdict::fail(
        Finding::new("StreamStdio ended before shutdown")
            .at(Place::Call {
                method: STREAM_STDIO.to_owned(),
            })
            .expected("a stream that stays open")
            .actual(seen)
            .with(session.evidence()),
    ))
}
