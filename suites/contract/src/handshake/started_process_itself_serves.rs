use crate::declare::requirement;
use host::tree;
use runner::Case;
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
    let server = tree::holder(&members, &address);
    let seen = match (exited, server) {
        (Some(exit), _) => Some(format!(
            "the started process has ended ({exit}), and the address answers"
        )),
        (None, Some(server)) if server != pid => {
            let name = members.iter().find(|member| member.pid == server);
            let name = name.map_or("a child", |member| member.name.as_str());
            Some(format!(
                "the socket belongs to {name}, a process below the started one"
            ))
        }
        (None, None) if tree::is_held_by_others(&address, &members) == Some(true) => {
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
