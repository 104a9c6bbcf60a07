use crate::declare::requirement;
use crate::observed::{stderr, why_not_up};
use host::Launch;
use host::launch::Directories;
use host::private_dir::PrivateDir;
use runner::Case;
use terms::{Finding, Judgement, Place, Trouble, Verdict};

const INSTANCES: usize = 4;

requirement! {
    /// Several instances run at once.
    ///
    /// A host starts one process per use, several at a time, all with the same TMPDIR.
    ///
    /// ## How it is judged
    ///
    /// Four launches in one directory for temporary files, alive at the same time: each must come up and answer health until the last one has, and no two may announce the same address.
    ///
    /// ## Usual causes
    ///
    /// A port, a socket path, a lock or a database file with a fixed name.
    "HSK-008", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let directory = PrivateDir::new().map_err(Trouble::infrastructure)?;
    let launch = Launch {
        directories: Directories::Again(directory.path().join("t")),
        ..case.base()
    };
    let mut sessions = Vec::new();
    let mut findings = Vec::new();
    for number in 1..=INSTANCES {
        match case.attempt(&launch).await? {
            Ok(session) => sessions.push(session),
            Err(record) => {
                findings.push(
                    Finding::new(format!("instance {number} does not start while others run"))
                        .at(Place::Process)
                        .expected("a line and a health answer")
                        .actual(why_not_up(&record))
                        .with(stderr(&record)),
                );
                break;
            }
        }
    }
    let mut addresses: Vec<String> = sessions
        .iter()
        .map(|session| session.line().address.clone())
        .collect();
    addresses.sort();
    addresses.dedup();
    if addresses.len() < sessions.len() {
        findings.push(
            Finding::new("instances announce the same address")
                .at(Place::Handshake { field: 4 })
                .expected(format!("{} addresses", sessions.len()))
                .actual(addresses.join(", ")),
        );
    }
    for session in &mut sessions {
        if findings.is_empty() && !session.is_as_healthy().await {
            findings.push(
                Finding::new("an instance stopped serving when others started")
                    .at(Place::Process)
                    .expected("health as right after its start")
                    .actual("another answer, or none")
                    .with(session.evidence()),
            );
        }
    }
    // They share the directory by which survivors are found, so the first
    // end ends them all.
    for session in sessions {
        session.finish().await;
    }
    Ok(Verdict::of(findings))
}
