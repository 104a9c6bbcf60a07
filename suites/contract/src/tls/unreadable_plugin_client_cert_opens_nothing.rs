use super::announced::launch_with;
use super::served::is_served;
use crate::declare::requirement;
use crate::observed::stderr;
use host::channel::Target;
use host::launch::Tls;
use host::transcript::Transcript;
use host::{Caller, Mode};
use runner::Case;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// An unreadable PLUGIN_CLIENT_CERT opens nothing.
    ///
    /// A host that asked for AutoMTLS and is misunderstood must not get a plugin that talks to everybody.
    ///
    /// ## How it is judged
    ///
    /// One launch whose variable holds garbage. The process may end, or refuse: nobody may get a health answer, neither in plain text, nor without a certificate, nor with the host's.
    ///
    /// ## Usual causes
    ///
    /// A parse error that is logged and then ignored, so that the server starts without TLS.
    "TLS-021", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.came_up(Mode::AutoMtls) {
        return Ok(Verdict::not_claimed("AutoMTLS does not come up"));
    }
    let garbage = "-----BEGIN CERTIFICATE-----\nnot base64 at all\n-----END CERTIFICATE-----\n";
    let launch = launch_with(|_| garbage.to_owned())?;
    let Tls::As { identity, .. } = &launch.tls else {
        return Ok(Verdict::vacuous("no host certificate was made"));
    };
    let mut start = case.start(&launch).await?;
    let mut findings = Vec::new();
    if let Some(line) = start.record().line.clone() {
        let plain = Target::of(&line, None);
        let mut clients = vec![("in plain text", plain.clone())];
        if line.certificate.is_some() {
            clients.extend([
                ("without a certificate", plain.spoken_to_as(&line, None)),
                (
                    "with the host's certificate",
                    plain.spoken_to_as(&line, Some(identity)),
                ),
            ]);
        }
        for (how, target) in clients {
            if answers(&target, case.limits().rpc).await {
                findings.push(
                    Finding::new(format!("a client {how} is served"))
                        .expected("a refusal, or no process")
                        .actual("health answered")
                        .with(stderr(start.record())),
                );
            }
        }
    }
    start.finish().await;
    Ok(Verdict::of(findings))
}

async fn answers(target: &Target, limit: Duration) -> bool {
    let Ok(channel) = target.channel(limit).await else {
        return false;
    };
    let caller = Caller::new(channel, Transcript::new(Instant::now()), limit);
    is_served(caller.health("plugin").await.code())
}
