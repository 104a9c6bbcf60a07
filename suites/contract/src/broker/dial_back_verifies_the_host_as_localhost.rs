use super::dial_back::{DialBack, provoke};
use crate::declare::requirement;
use host::identity::{Curve, HostIdentity, Kind};
use host::services::Listen;
use host::session::ATTACH;
use host::{Launch, Mode};
use proto::aperio::plugin::v1 as api;
use runner::Case;
use std::time::Duration;
use terms::{Finding, Judgement, Place, Trouble, Verdict};

requirement! {
    /// The dial-back verifies the host as localhost.
    ///
    /// The plugin trusts the certificate of PLUGIN_CLIENT_CERT, under the name `localhost`, and nobody else: whoever takes the host's port would be handed invocation tokens.
    ///
    /// ## How it is judged
    ///
    /// Under AutoMTLS the host's own certificate must be accepted, and that of a stranger, made alike with another key, must be refused: no call may arrive, and the connection may not stay open.
    ///
    /// ## Usual causes
    ///
    /// A client that expects the name `unused` (SDKs built on go-plugin before 1.4.4), system roots, or no verification at all.
    "BRK-012", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let Some(seen) = DialBack::seen(case, Mode::AutoMtls).await? else {
        return Ok(Verdict::not_claimed(
            "not Aperio's, or AutoMTLS does not come up",
        ));
    };
    if seen.host_was_refused() {
        let text = seen
            .early
            .connections
            .iter()
            .find_map(|connection| connection.refused.as_ref())
            .map(|refusal| refusal.text.clone());
        return Ok(Verdict::fail(
            Finding::new("the plugin refused its own host")
                .at(Place::Call { method: ATTACH.to_owned() })
                .expected("trust in the certificate of PLUGIN_CLIENT_CERT, as localhost")
                .actual(text.unwrap_or_default())
                .hint("an SDK on go-plugin older than 1.4.4 expects the name \"unused\"; stderr tells")
                .with(seen.early.evidence.clone()),
        ));
    }
    if let Some(verdict) = seen.out_of_reach() {
        return Ok(verdict);
    }
    let mut session = case.launch(&Launch::auto_mtls()).await?;
    let stranger = HostIdentity::issue(Curve::P521, Kind::default())
        .map_err(|error| Trouble::harness(error.to_string()))?;
    let server = session
        .serve_host(&Listen::Loopback, Some(&stranger))
        .await
        .map_err(Trouble::infrastructure)?;
    let id = session.next_broker_id();
    let request = session.attach_request(id).await?;
    session.advertise(id, &server).await;
    let reply: Result<api::AttachResponse, _> = session.ask(ATTACH, request).await?;
    if reply.is_ok() {
        provoke(&mut session, &server).await?;
    }
    let settled = |server: &host::services::HostServer| {
        server.connections().first().is_some_and(|connection| {
            connection.refused.is_some() || connection.certificate.is_some()
        })
    };
    server.wait_for(Duration::from_secs(1), settled).await;
    let fooled = server
        .connections()
        .iter()
        .any(|connection| connection.certificate.is_some());
    // Under TLS 1.3 the server's handshake ends before the client's verdict
    // on it is known; a client that refuses goes away without a request.
    let gone = server
        .wait_for(Duration::from_secs(1), |server| {
            server
                .connections()
                .iter()
                .all(|connection| !connection.open)
        })
        .await;
    let asked = !server.callbacks().is_empty();
    let verdict = if server.connections().is_empty() {
        Verdict::vacuous("this time the plugin dialled nobody")
    } else if asked || (fooled && !gone) {
        Verdict::fail(
            Finding::new("the plugin trusted a stranger in its host's place")
                .at(Place::Call {
                    method: ATTACH.to_owned(),
                })
                .expected("a refused handshake")
                .actual("a connection to a server with another key")
                .with(session.evidence()),
        )
    } else {
        Verdict::Pass
    };
    session.stop().await;
    Ok(verdict)
}
