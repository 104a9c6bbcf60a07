use crate::declare::requirement;
use host::{Launch, tree};
use runner::Case;
use rustix::process::Signal;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};

/// How long a plugin may outlive its host.
const LIMIT: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(50);

requirement! {
    /// The plugin ends when its host has died.
    ///
    /// A host that is killed stops nobody. Its plugins must find out by themselves within 10 s, or they pile up as orphans that still hold sockets and credentials.
    ///
    /// ## How it is judged
    ///
    /// The plugin is started by a process in between, which is killed; at the same moment the connection is closed and the readers of stdout and stderr are gone. 10 s later no process of the launch may live.
    ///
    /// ## Usual causes
    ///
    /// Nobody looks: go-plugin's library itself does not. Compare the parent's pid with the first one read, once a second, or end when the broker stream does.
    "STOP-007", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let launch = Launch {
        through_shell: true,
        ..case.base()
    };
    let mut session = case.launch(&launch).await?;
    let temp = session.record().temp.clone();
    let evidence = session.evidence();
    // Its streams hold clones of the channel until they are gone, too.
    session.close_streams();
    let mut start = session.hang_up();
    start.process().signal(Signal::KILL);
    start.close_output().await;
    let died = Instant::now();
    // A process that is only being started may be missed once.
    let mut missed = 0;
    let left = loop {
        let left = tree::members(&temp);
        missed = if left.is_empty() { missed + 1 } else { 0 };
        if missed > 1 || died.elapsed() > LIMIT {
            break left;
        }
        tokio::time::sleep(AGAIN).await;
    };
    start.finish().await;
    let Some(member) = left.first() else {
        return Ok(Verdict::Pass);
    };
    Ok(Verdict::fail(
        Finding::new("the plugin lives on when its host has died")
            .at(Place::Process)
            .expected("no process of the plugin 10 s later")
            .actual(format!("{} of them; one is {}", left.len(), member.name))
            .with(evidence),
    ))
}
