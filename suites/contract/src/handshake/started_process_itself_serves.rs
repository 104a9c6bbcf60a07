use crate::declare::requirement;
use host::tree::{self, Listener};
use runner::Case;
use std::net::SocketAddr;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The started process itself serves.
    ///
    /// A host watches, signals and kills the process it started. One that hands its work to a child leaves the child behind when it is killed.
    ///
    /// ## How it is judged
    ///
    /// The process that holds the announced socket must be the started one, alive after the first answer. Nothing is sent to a listener that belongs to a process of somebody else.
    ///
    /// ## Usual causes
    ///
    /// A shell wrapper without `exec`; bundlers that unpack and start a second process.
    "HSK-007", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let pid = session.process().pid();
    let temp = session.record().temp.clone();
    let address = session.line().address.clone();
    let exited = session.exited();
    let members = tree::members(&temp);
    let held = tree::listeners(members.iter().map(|member| member.pid));
    let server = held
        .iter()
        .find(|(_, listeners)| listeners.iter().any(|listener| names(listener, &address)))
        .map(|(pid, _)| *pid);
    let seen = match (exited, server) {
        (Some(exit), _) => Some(format!("the started process has ended ({exit}), and the address answers")),
        (None, Some(server)) if server != pid => {
            let name = members.iter().find(|member| member.pid == server);
            let name = name.map_or("a child", |member| member.name.as_str());
            Some(format!("the socket belongs to {name}, a process below the started one"))
        }
        (None, None) if named(&address)
            .is_some_and(|listener| tree::is_held_by_others(&listener, &members) == Some(true)) =>
        {
            Some("the socket belongs to a process that this launch did not start".to_owned())
        }
        (None, _) => None,
    };
    let verdict = match seen {
        None => Verdict::Pass,
        Some(seen) => Verdict::fail(
            Finding::new("another process than the started one serves")
                .at(Place::Process)
                .expected("the started process holds the announced socket")
                .actual(seen)
                .hint("in a shell wrapper, start the plugin with exec")
                .with(session.evidence()),
        ),
    };
    session.stop().await;
    Ok(verdict)
}

/// The listener an address names.
fn named(address: &str) -> Option<Listener> {
    match address.parse::<SocketAddr>() {
        Ok(address) => Some(Listener::Tcp(address.ip(), address.port())),
        // A link leads to the socket, which is known by its own name.
        Err(_) => std::fs::canonicalize(address).ok().map(Listener::Unix),
    }
}

fn names(listener: &Listener, address: &str) -> bool {
    match listener {
        Listener::Unix(path) => path.as_os_str() == address,
        Listener::Tcp(ip, port) => address == SocketAddr::new(*ip, *port).to_string(),
    }
}
