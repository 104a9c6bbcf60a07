use crate::declare::requirement;
use host::{Launch, tree, tree::ThreadTime};
use runner::Case;
use rustix::process::Signal;
use std::collections::BTreeMap;
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
    /// The plugin is started by a process in between, which is killed; at the same moment the connection is closed and the readers of stdout and stderr are gone. 10 s later, and so much later as one of its threads stood ready while no processor was free (10 s at most), none of the processes it had then may live. A breach is not tried again.
    ///
    /// ## Usual causes
    ///
    /// Nobody looks: go-plugin's library itself does not. Compare the parent's pid with the first one read, once a second, or end when the broker stream does.
    "STOP-007", Should, since "1.0", waits long once
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
    // What is started on the way out is told by LIFE-012.
    let at_death: BTreeMap<i32, BTreeMap<i32, ThreadTime>> = tree::members(&temp)
        .into_iter()
        .map(|member| (member.pid, tree::thread_times(member.pid)))
        .collect();
    start.process().signal(Signal::KILL);
    start.close_output().await;
    let died = Instant::now();
    // Kept when the process that was kept waiting is gone: its parent may have
    // waited for it.
    let mut kept_waiting = Duration::ZERO;
    let left = loop {
        let mut left = tree::members(&temp);
        left.retain(|member| at_death.contains_key(&member.pid));
        for member in &left {
            let waited = longest_wait(&at_death[&member.pid], &tree::thread_times(member.pid));
            kept_waiting = kept_waiting.max(waited).min(LIMIT);
        }
        if left.is_empty() || died.elapsed() > LIMIT + kept_waiting {
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
            .expected("no process of the plugin after 10 s in which it could run")
            .actual(format!("{} of them; one is {}", left.len(), member.name))
            .with(evidence),
    ))
}

/// How long one of the threads of a process stood ready and no processor was
/// free. Threads together may wait longer than the time that passes.
fn longest_wait(before: &BTreeMap<i32, ThreadTime>, now: &BTreeMap<i32, ThreadTime>) -> Duration {
    now.iter()
        .map(|(thread, time)| {
            let before = before.get(thread).copied().unwrap_or_default();
            time.waited.saturating_sub(before.waited)
        })
        .max()
        .unwrap_or_default()
}
