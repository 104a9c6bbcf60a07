use super::announced::launch_as;
use super::served::is_served;
use crate::declare::requirement;
use host::identity::{Curve, HostIdentity, Kind};
use host::tree::{self, Listener};
use host::{Caller, Launch, Mode, Session};
use runner::Case;
use terms::{Finding, Judgement, Place, Trouble, Verdict};
use tonic::Code;

requirement! {
    /// The listener is local and private.
    ///
    /// The plugin listens on a unix socket or on loopback. Under AutoMTLS a client that presents no certificate, another one, or one that has expired, is refused.
    ///
    /// ## How it is judged
    ///
    /// Every socket that the plugin's processes listen on, in both modes, must be a unix socket or on loopback. Then, under AutoMTLS, a client without a certificate and one with a certificate that looks like the host's but has another key each connect and call health; a refusal shows at the latest in that call, since TLS 1.3 tells a client late, and may be a status: UNAUTHENTICATED or PERMISSION_DENIED. Last, a launch whose host certificate has expired: not even that host may be served.
    ///
    /// ## Usual causes
    ///
    /// A listener on 0.0.0.0; a server that asks for no client certificate; a trust manager that looks at no date, as Java's does for a certificate that it was told to trust.
    "SEC-005", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut findings = Vec::new();
    for launch in [Launch::default(), Launch::auto_mtls()] {
        if !case.came_up(launch.mode()) {
            continue;
        }
        let mut session = case.launch(&launch).await?;
        findings.extend(open_to_others(&mut session));
        if launch.mode() == Mode::AutoMtls {
            findings.extend(strangers(&mut session).await?);
        }
        session.stop().await;
    }
    if case.came_up(Mode::AutoMtls) {
        findings.extend(expired_host(case).await?);
    }
    Ok(Verdict::of(findings))
}

fn open_to_others(session: &mut Session) -> Vec<Finding> {
    let temp = session.record().temp.clone();
    let members = tree::members(&temp);
    tree::listeners(members.iter().map(|member| member.pid))
        .into_values()
        .flatten()
        .filter(|listener| matches!(listener, Listener::Tcp(ip, _) if !ip.is_loopback()))
        .map(|listener| {
            Finding::new("the plugin listens for other machines")
                .at(Place::Process)
                .expected("a unix socket or a loopback address")
                .actual(listener.to_string())
        })
        .collect()
}

async fn strangers(session: &mut Session) -> Result<Vec<Finding>, Trouble> {
    let stranger = HostIdentity::issue(Curve::P521, Kind::default()).map_err(Trouble::harness)?;
    let mut findings = Vec::new();
    for (who, identity) in [
        ("without a certificate", None),
        ("with a certificate of its own", Some(&stranger)),
    ] {
        let limit = session.limits().rpc;
        let target = session.target().spoken_to_as(session.line(), identity);
        let served = match target.channel(limit).await {
            Err(_) => false,
            Ok(channel) => {
                let caller = Caller::new(channel, session.transcript().clone(), limit);
                is_served(caller.health("plugin").await.code())
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
    Ok(findings)
}

async fn expired_host(case: &Case) -> Result<Option<Finding>, Trouble> {
    let kind = Kind {
        expired: true,
        ..Kind::default()
    };
    let Ok(session) = case.attempt(&launch_as(kind)?).await? else {
        return Ok(None);
    };
    let code = match &session.facts().first_health {
        Some(Ok(_)) => Some(Code::Ok),
        Some(Err((code, _))) => Some(Code::from(*code)),
        None => None,
    };
    if !is_served(code) {
        session.stop().await;
        return Ok(None);
    }
    let finding = Finding::new("a host whose certificate has expired was served")
        .expected("a refused connection or call, or no process")
        .actual("health answered")
        .with(session.evidence());
    session.stop().await;
    Ok(Some(finding))
}
