use super::START_STREAM;
use crate::declare::requirement;
use host::Session;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The broker service is there.
    ///
    /// Every plugin is handed a broker id at Attach, and finds the host's services through plugin.GRPCBroker. A plugin that keeps go-plugin's contract alone may leave it out.
    ///
    /// ## How it is judged
    ///
    /// StartStream is opened once per launch; UNIMPLEMENTED is the breach.
    ///
    /// ## Usual causes
    ///
    /// A server with its own services and health alone: go-plugin's library adds plugin.GRPCBroker by itself, by hand it has to be registered.
    "BRK-001", Must, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    let Some(broker) = session.broker() else {
        return Ok(Verdict::vacuous("the stream was not opened"));
    };
    if !broker.settled().await.is_missing() {
        return Ok(Verdict::Pass);
    }
    if !session.plugin().is_aperio() {
        return Ok(Verdict::not_claimed("the plugin serves no broker"));
    }
    Ok(Verdict::fail(
        Finding::new("StartStream is not implemented")
            .at(Place::Call {
                method: START_STREAM.to_owned(),
            })
            .expected("a stream that stays open")
            .actual("UNIMPLEMENTED"),
    ))
}
