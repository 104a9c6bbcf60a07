use crate::declare::requirement;
use crate::lifecycle::BUSY;
use crate::observed::why_not_up;
use crate::operation::Operation;
use host::call::code_name;
use host::handshake::{Network, Protocol};
use host::{Launch, Session};
use proto::aperio::plugin::v1 as api;
use runner::Case;
use std::sync::Arc;
use terms::{Finding, Judgement, Lost, Place, Stopped, Verdict};

/// Launches that must all differ before a plugin is accused.
const TRIES: usize = 2;

requirement! {
    /// Locale, time zone and umask change nothing.
    ///
    /// A plugin runs on machines of every country. What it answers is for programs, and programs have no locale.
    ///
    /// ## How it is judged
    ///
    /// Launches in another time zone, with LC_ALL=C and with umask 022 are compared with the usual launch: each must come up, announce a line of the same shape, and end alike; Aperio's plugins must describe themselves and answer a light operation alike as well. A difference is looked for once more before it counts.
    ///
    /// ## Usual causes
    ///
    /// Text that is read or written in the locale's encoding; a time zone database that is not there; a file mode that is taken for granted.
    "ROB-003", Should, since "1.0", launches
}

/// What does not depend on where and when a process runs.
#[derive(Debug, PartialEq)]
struct Profile {
    app: i64,
    network: Network,
    protocol: Protocol,
    has_certificate: bool,
    health: String,
    described: Option<Arc<api::DescribeResponse>>,
    operation: Option<&'static str>,
    exit: Option<(Option<i32>, Option<i32>)>,
}

async fn judge(case: &mut Case) -> Judgement {
    let usual = profile(case.launch(&case.base()).await?).await?;
    let set = |key: &str, value: &str| (key.to_owned(), Some(value.to_owned()));
    let others = [
        (
            "another time zone",
            Launch {
                env: vec![set("TZ", "Asia/Kathmandu")],
                ..case.base()
            },
        ),
        (
            "LC_ALL=C",
            Launch {
                env: vec![set("LC_ALL", "C"), set("LANG", "C")],
                ..case.base()
            },
        ),
        (
            "umask 022",
            Launch {
                umask: 0o022,
                ..case.base()
            },
        ),
    ];
    let mut findings = Vec::new();
    for (name, launch) in others {
        let mut seen = None;
        for _ in 0..TRIES {
            seen = Box::pin(difference(case, &usual, &launch)).await?;
            if seen.is_none() {
                break;
            }
        }
        findings.extend(seen.map(|(expected, actual)| {
            Finding::new(format!("{name} changes what the plugin does"))
                .at(Place::Process)
                .expected(expected)
                .actual(actual)
        }));
    }
    Ok(Verdict::of(findings))
}

/// The usual and the other, where a launch is not like the usual one.
async fn difference(
    case: &Case,
    usual: &Profile,
    launch: &Launch,
) -> Result<Option<(String, String)>, Stopped> {
    let other = match case.attempt(launch).await? {
        Ok(session) => profile(session).await?,
        Err(record) => {
            return Ok(Some((
                "a launch that comes up".to_owned(),
                why_not_up(&record),
            )));
        }
    };
    let short = |profile: &Profile| format!("{profile:?}").chars().take(400).collect();
    Ok((other != *usual).then(|| (short(usual), short(&other))))
}

async fn profile(mut session: Session) -> Result<Profile, Lost> {
    let health = session
        .health("plugin")
        .await
        .map(|status| status.to_string());
    let health = health
        .clone()
        .answer()
        .unwrap_or_else(|| health.to_string());
    let mut described = None;
    if session.plugin().is_aperio() {
        described = session.describe().await?.ok();
    }
    let operation = match Operation::of(&mut session).await? {
        Some(operation) => operation
            .call(&session.caller())
            .await
            .code()
            .map(code_name),
        None => None,
    };
    let line = session.line().clone();
    session.shut_down().await;
    let exit = session.process().exited_within(BUSY).await;
    session.finish().await;
    Ok(Profile {
        app: line.app,
        network: line.network,
        protocol: line.protocol,
        has_certificate: line.certificate.is_some(),
        health,
        described,
        operation,
        exit: exit.map(|exit| (exit.code, exit.signal)),
    })
}
