use super::dial_back::{DialBack, open, provoke};
use crate::declare::requirement;
use crate::observed::not_aperios;
use host::services::Listen;
use host::session::ATTACH;
use proto::aperio::plugin::v1 as api;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The dial-back uses the id it was given.
    ///
    /// A host advertises several servers over one broker stream; only the id in Attach tells which of them are its services.
    ///
    /// ## How it is judged
    ///
    /// A decoy server is advertised first under another id, then the real one. Nobody may connect to the decoy, and the real one must not be missed.
    ///
    /// ## Usual causes
    ///
    /// The first advertisement that comes is dialled, or a fixed id, which is right only while the host advertises one server: the id to dial stands in the request.
    "BRK-004", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let Some(seen) = DialBack::seen(case, case.base().mode()).await? else {
        return Ok(not_aperios());
    };
    if let Some(verdict) = seen.out_of_reach() {
        return Ok(verdict);
    }
    let mut session = case.launch(&case.base()).await?;
    let decoy = open(&session, &Listen::Loopback).await?;
    let server = open(&session, &Listen::Loopback).await?;
    let (other, id) = (session.next_broker_id(), session.next_broker_id());
    let request = session.attach_request(id).await?;
    session.advertise(other, &decoy).await;
    session.advertise(id, &server).await;
    let reply: Result<api::AttachResponse, _> = session.ask(ATTACH, request).await?;
    if reply.is_ok() {
        provoke(&mut session, &server).await?;
    }
    let misled = decoy.connections().len();
    let verdict = if misled > 0 {
        Verdict::fail(
            Finding::new("the plugin dialled a server advertised under another id")
                .at(Place::Call {
                    method: ATTACH.to_owned(),
                })
                .expected(format!("a connection to the server of id {id}"))
                .actual(format!("{misled} to that of id {other}"))
                .with(session.evidence()),
        )
    } else if !server.connections().is_empty() {
        Verdict::Pass
    } else if reply.is_ok() {
        Verdict::vacuous("this time the plugin dialled nobody")
    } else {
        Verdict::fail(
            Finding::new("with two servers advertised, the right one was not dialled")
                .at(Place::Call {
                    method: ATTACH.to_owned(),
                })
                .expected(format!("a connection to the server of id {id}"))
                .actual("none")
                .with(session.evidence()),
        )
    };
    session.stop().await;
    Ok(verdict)
}
