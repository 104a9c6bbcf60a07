use super::reflected::{place, reflected};
use crate::declare::requirement;
use bytes::Bytes;
use host::Session;
use host::stdio::Stdio;
use proto::aperio::plugin::v1::PluginKind;
use runner::Case;
use std::collections::BTreeMap;
use std::time::Duration;
use terms::{Finding, Judgement, Lost, Verdict};
use tonic::{Code, Request};

/// A call of each service of ours that an empty message does no harm in, and
/// that no capability gates.
const CALLS: &[(&str, &str, Option<PluginKind>)] = &[
    ("aperio.plugin.v1.PluginService", "Describe", None),
    (
        "aperio.plugin.v1.ConnectorService",
        "Authenticate",
        Some(PluginKind::Connector),
    ),
    (
        "aperio.plugin.v1.RemediationService",
        "ListActions",
        Some(PluginKind::Remediation),
    ),
    (
        "aperio.plugin.v1.DestinationService",
        "Deliver",
        Some(PluginKind::Destination),
    ),
];
const HEALTH: &str = "grpc.health.v1.Health";
const STDIO: &str = "plugin.GRPCStdio";
const BROKER: &str = "plugin.GRPCBroker";
const CONTROLLER: &str = "plugin.GRPCController";
/// How long a refusal of a stream may trail other answers.
const LATE_REFUSAL: Duration = Duration::from_millis(500);

requirement! {
    /// Reflection is complete where offered.
    ///
    /// Tools find their way by it: a service that is not named is not there to them, and one that is named and not served leads them astray.
    ///
    /// ## How it is judged
    ///
    /// On a launch of its own: the list of services against what answers calls of health, go-plugin's services and, for plugins of ours, PluginService and the services of the kinds. Each service that is named must come with the file that declares it, and that with its imports. Of services that nobody here knows only the file is looked at: nothing of theirs is called. A plugin without reflection is not judged.
    ///
    /// ## Usual causes
    ///
    /// A list written by hand; reflection that is set up before the last service is registered.
    "RPC-010", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let told = match reflected(&mut session).await? {
        Ok(told) => told,
        Err(verdict) => {
            session.finish().await;
            return Ok(verdict);
        }
    };
    let is_named = |service: &str| told.services.iter().any(|name| name == service);
    let mut served = served(&mut session, &is_named).await?;
    // Last, since it ends the plugin.
    let (end, _) = session.shut_down().await;
    served.insert(CONTROLLER, end.code() != Some(Code::Unimplemented));
    let mut findings = Vec::new();
    for (service, answers) in served {
        let (message, actual) = match (is_named(service), answers) {
            (true, false) => (
                format!("reflection names {service}, which is not served"),
                "UNIMPLEMENTED".to_owned(),
            ),
            (false, true) => (
                format!("reflection does not name {service}, which is served"),
                told.services.join(", "),
            ),
            _ => continue,
        };
        findings.push(
            Finding::new(message)
                .at(place(told.method))
                .expected("the services that are served, all of them and no other")
                .actual(actual)
                .with(session.evidence()),
        );
    }
    for (service, reason) in &told.without_descriptor {
        findings.push(
            Finding::new("reflection names a service and has no descriptor of it")
                .at(place(told.method))
                .expected(format!("the file that declares {service}"))
                .actual(reason.clone())
                .with(session.evidence()),
        );
    }
    session.finish().await;
    Ok(Verdict::of(findings))
}

/// Which of the services that may be called answer.
async fn served(
    session: &mut Session,
    is_named: &impl Fn(&str) -> bool,
) -> Result<BTreeMap<&'static str, bool>, Lost> {
    let mut served = BTreeMap::new();
    let health = session.health("plugin").await;
    served.insert(HEALTH, health.code() != Some(Code::Unimplemented));
    if session.plugin().is_aperio() {
        let described = session.describe().await?;
        for (service, method, kind) in CALLS {
            let declared = match (kind, &described) {
                (None, _) => true,
                (Some(kind), Ok(described)) => described.kinds().any(|one| one == *kind),
                (Some(_), Err(_)) => false,
            };
            if declared || is_named(service) {
                let method = format!("{service}/{method}");
                let end = session
                    .caller()
                    .raw(&method, Request::new(Bytes::new()))
                    .await;
                let end = session.settle(end).await;
                let answers = end.code() != Some(Code::Unimplemented);
                session.replied(&method, end)?.ok();
                served.insert(*service, answers);
            }
        }
    }
    for (service, answers) in streams(session) {
        if answers && !is_named(service) {
            tokio::time::sleep(LATE_REFUSAL).await;
        }
    }
    served.extend(streams(session));
    Ok(served)
}

/// The services whose stream is open or was, as far as it is known by now.
fn streams(session: &mut Session) -> Vec<(&'static str, bool)> {
    let stdio = session.stdio().map(Stdio::state);
    let broker = session.broker().map(|broker| broker.state());
    [(STDIO, stdio), (BROKER, broker)]
        .into_iter()
        .filter_map(|(service, state)| Some((service, !state?.is_missing())))
        .collect()
}
