use crate::declare::requirement;
use host::Session;
use host::broker::BrokerState;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The broker service is there.
    ///
    /// Every plugin is handed a broker id at Attach, and finds the host's services through plugin.GRPCBroker. A plugin that keeps go-plugin's contract alone may leave it out.
    ///
    /// ## How it is judged
    ///
    /// StartStream is opened once per launch; UNIMPLEMENTED is the breach.
    "BRK-001", Must, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    let aperio = session.plugin().is_aperio();
    let Some(broker) = session.broker() else {
        return Ok(Verdict::vacuous("the stream was not opened"));
    };
    match broker.settled().await {
        BrokerState::Failed(status) if status.code() == tonic::Code::Unimplemented => {
            if !aperio {
                return Ok(Verdict::not_claimed("the plugin serves no broker"));
            }
            Ok(Verdict::fail(
                Finding::new("StartStream is not implemented")
                    .at(Place::Call {
                        method: "plugin.GRPCBroker/StartStream".to_owned(),
                    })
                    .expected("a stream that stays open")
                    .actual("UNIMPLEMENTED"),
            ))
        }
        _ => Ok(Verdict::Pass),
    }
}
