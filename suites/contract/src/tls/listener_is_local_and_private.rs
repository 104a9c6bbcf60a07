use crate::declare::requirement;
use host::handshake::Departure;
use host::identity::{Curve, HostIdentity, Kind};
use host::{CallEnd, Caller, Mode, Session};
use proto::grpc::health::v1::{HealthCheckRequest, HealthCheckResponse};
use terms::{Finding, Judgement, Trouble, Verdict};

requirement! {
    /// The listener is local and private.
    ///
    /// The plugin listens on a unix socket or on loopback. Under AutoMTLS a client that presents no certificate, or another one, is refused.
    ///
    /// ## How it is judged
    ///
    /// The announced address of both launches; then, under AutoMTLS, a client without a certificate and a client with a fresh certificate of its own each connect and call health. A refusal shows at the latest in that call, since TLS 1.3 tells a client late.
    "SEC-005", Must, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    let mut findings: Vec<Finding> = session
        .record()
        .lints
        .iter()
        .filter(|lint| lint.kind == Departure::TcpNotLoopback)
        .map(|lint| Finding::new(lint.text.clone()).actual(lint.seen.clone()))
        .collect();
    if session.mode() == Mode::AutoMtls {
        let stranger =
            HostIdentity::issue(Curve::P521, Kind::default()).map_err(Trouble::infrastructure)?;
        let clients = [("without a certificate", None), ("with a certificate of its own", Some(&stranger))];
        for (who, identity) in clients {
            let target = session.target().spoken_to_as(session.line(), identity);
            let served = match target.channel(session.limits().rpc).await {
                Err(_) => false,
                Ok(channel) => {
                    let caller = Caller::new(channel, session.transcript().clone(), session.limits().rpc);
                    let request = HealthCheckRequest { service: "plugin".to_owned() };
                    let end: CallEnd<HealthCheckResponse> =
                        caller.unary("grpc.health.v1.Health/Check", request).await;
                    end.replied()
                }
            };
            if served {
                findings.push(
                    Finding::new(format!("a client {who} was served"))
                        .expected("a refused connection or call")
                        .actual("health answered")
                        .with(session.evidence()),
                );
            }
        }
    }
    Ok(Verdict::of(findings))
}
