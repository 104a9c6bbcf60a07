use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::observed::{stderr, why_not_up};
use host::launch::Directories;
use host::private_dir::PrivateDir;
use host::{Launch, Session};
use proto::aperio::plugin::v1 as api;
use runner::Case;
use rustix::process::Signal;
use std::sync::Arc;
use terms::{Finding, Judgement, Place, Trouble, Verdict};

requirement! {
    /// A killed plugin starts again as if new.
    ///
    /// After SIGKILL at any moment a new process answers like the old one; no lock, pid or socket file of the old one disturbs it.
    ///
    /// ## How it is judged
    ///
    /// In one directory for temporary files: a process is killed right after its first answer, a second one during a call; each time the next must come up, and describe itself like the first; where the first gives no description, nothing is compared or concluded. Kills at other moments belong to the property suites.
    ///
    /// ## Usual causes
    ///
    /// A lock, pid or socket file with a fixed name that counts although its process is gone.
    "LIFE-009", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let directory = PrivateDir::new().map_err(Trouble::infrastructure)?;
    let launch = Launch {
        directories: Directories::Again(directory.path().join("t")),
        ..case.base()
    };
    let mut first = case.launch(&launch).await?;
    let described = description(&mut first).await;
    let is_unknown = described.is_none() && case.plugin().is_aperio();
    kill(first).await;
    let mut findings = Vec::new();
    for moment in ["right after its first answer", "during a call"] {
        let mut next = match case.attempt(&launch).await? {
            Ok(session) => session,
            Err(record) => {
                findings.push(
                    Finding::new(format!(
                        "after a process was killed {moment}, the next one does not start"
                    ))
                    .at(Place::Process)
                    .expected("a line and a health answer")
                    .actual(why_not_up(&record))
                    .with(stderr(&record)),
                );
                break;
            }
        };
        let again = description(&mut next).await;
        if described.is_some() && again != described {
            findings.push(
                Finding::new(format!(
                    "after a process was killed {moment}, the next one describes itself otherwise"
                ))
                .at(Place::Process)
                .expected(format!("{described:?}"))
                .actual(format!("{again:?}"))
                .with(next.evidence()),
            );
        }
        let held = InFlight::hold(&mut next).await?;
        kill(next).await;
        drop(held);
    }
    if findings.is_empty() && is_unknown {
        return Ok(Verdict::vacuous(
            "the first process did not describe itself, so there is nothing to compare",
        ));
    }
    Ok(Verdict::of(findings))
}

async fn description(session: &mut Session) -> Option<Arc<api::DescribeResponse>> {
    if !session.plugin().is_aperio() {
        return None;
    }
    session.describe().await.ok()?.ok()
}

async fn kill(mut session: Session) {
    session.process().signal(Signal::KILL);
    let limit = session.limits().kill;
    session.process().exited_within(limit).await;
    session.finish().await;
}
