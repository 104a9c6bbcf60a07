use super::STREAM_STDIO;
use crate::declare::requirement;
use host::Session;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The stdio service is there.
    ///
    /// Without plugin.GRPCStdio a host loses what the plugin prints. A plugin that keeps go-plugin's contract alone may leave it out.
    ///
    /// ## How it is judged
    ///
    /// StreamStdio is opened once per launch; UNIMPLEMENTED is the breach.
    ///
    /// ## Usual causes
    ///
    /// A server with its own services and health alone: go-plugin's library adds plugin.GRPCStdio by itself, by hand it has to be registered.
    "LOG-001", Should, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    let Some(stdio) = session.stdio() else {
        return Ok(Verdict::vacuous("the stream was not opened"));
    };
    if !stdio.settled().await.is_missing() {
        return Ok(Verdict::Pass);
    }
    if !session.plugin().is_aperio() {
        return Ok(Verdict::not_claimed("the plugin serves no stdio"));
    }
    Ok(Verdict::fail(
        Finding::new("StreamStdio is not implemented")
            .at(Place::Call {
                method: STREAM_STDIO.to_owned(),
            })
            .expected("a stream that stays open")
            .actual("UNIMPLEMENTED"),
    ))
}
