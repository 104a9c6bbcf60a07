use crate::declare::requirement;
use host::Session;
use host::tree::{self, Listener};
use std::time::Duration;
use terms::{Finding, Judgement, Place, Verdict};

/// How long the announcement of a brokered listener may trail its socket.
const ANNOUNCED: Duration = Duration::from_secs(1);

requirement! {
    /// There is one listener.
    ///
    /// Each further socket is a further way in, and none that a host knows of or secures.
    ///
    /// ## How it is judged
    ///
    /// The sockets on which the plugin's processes listen, in both modes: the announced one, and those that the plugin announces over the broker. Another one that is still there a second later is a breach.
    ///
    /// ## Usual causes
    ///
    /// A metrics or profiling server; a second server behind a TLS front.
    "RES-009", Should, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    session.health("plugin").await;
    let deadline = tokio::time::Instant::now() + ANNOUNCED;
    loop {
        let further = further(session);
        if further.is_empty() {
            return Ok(Verdict::Pass);
        }
        if tokio::time::Instant::now() < deadline {
            tokio::time::sleep(ANNOUNCED / 10).await;
            continue;
        }
        let findings = further
            .into_iter()
            .map(|(name, listener)| {
                let kind = match listener {
                    Listener::Unix(_) => "unix",
                    Listener::Tcp(..) => "TCP",
                };
                Finding::new(format!("{name} listens on a further {kind} socket"))
                    .at(Place::Process)
                    .expected("the announced socket alone")
                    .actual(listener.to_string())
            })
            .take(5)
            .collect();
        return Ok(Verdict::of(findings));
    }
}

/// The listeners that nobody announced, with the names of their processes.
fn further(session: &mut Session) -> Vec<(String, Listener)> {
    let mut announced = vec![session.line().address.clone()];
    if let Some(broker) = session.broker() {
        announced.extend(broker.announced().into_iter().map(|info| info.address));
    }
    let temp = session.record().temp.clone();
    let members = tree::members(&temp);
    let name = |pid: i32| members.iter().find(|member| member.pid == pid);
    tree::listeners(members.iter().map(|member| member.pid))
        .into_iter()
        .flat_map(|(pid, held)| held.into_iter().map(move |listener| (pid, listener)))
        .filter(|(_, listener)| !announced.iter().any(|address| listener.is_at(address)))
        .map(|(pid, listener)| {
            (
                name(pid).map_or_else(String::new, |member| member.name.clone()),
                listener,
            )
        })
        .collect()
}
