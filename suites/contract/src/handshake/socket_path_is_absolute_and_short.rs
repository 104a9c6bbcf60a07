use crate::declare::requirement;
use crate::observed::{stderr, why_not_up};
use host::Launch;
use host::handshake::{Departure, Network};
use host::launch::Directories;
use host::private_dir::PrivateDir;
use runner::Case;
use terms::{Finding, Judgement, Place, Trouble, Verdict};

/// Length of a long directory's path, in bytes.
const DIRECTORY: usize = 90;

requirement! {
    /// The socket path is absolute, short and plain.
    ///
    /// A path of more than 107 bytes does not fit the system's address structure, and a relative one means another place to the host.
    ///
    /// ## How it is judged
    ///
    /// Two launches, whose directory has 90 characters, or a blank in its name. Both must come up, since the plugin adds a short name only, and announce an absolute path of at most 107 bytes that is no abstract socket. A usual launch whose path cannot be dialled at all is told here, too. A plugin on TCP is not judged.
    ///
    /// ## Usual causes
    ///
    /// A relative path; a name that repeats the plugin's and the user's; an abstract socket; a path that is joined as an address of a URL, where a blank turns into %20.
    "HSK-018", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut findings = Vec::new();
    let root = PrivateDir::new().map_err(Trouble::infrastructure)?;
    let used = root.path().as_os_str().len() + 1;
    let long = "d".repeat(DIRECTORY.saturating_sub(used).max(1));
    for (what, name) in [
        ("of 90 characters", long),
        ("with a blank in its name", "two words".to_owned()),
    ] {
        let launch = Launch {
            directories: Directories::Below(name),
            ..case.base()
        };
        match case.attempt(&launch).await? {
            Ok(mut session) => {
                let record = session.record().clone();
                if record
                    .line
                    .as_ref()
                    .is_some_and(|line| line.network == Network::Tcp)
                {
                    session.stop().await;
                    return Ok(Verdict::not_claimed("the plugin listens on TCP"));
                }
                for lint in record
                    .lints
                    .iter()
                    .filter(|lint| lint.kind == Departure::SocketPath)
                {
                    findings.push(
                        Finding::new(lint.text.clone())
                            .at(Place::Handshake { field: 4 })
                            .expected("an absolute path of at most 107 bytes")
                            .actual(lint.seen.clone()),
                    );
                }
                session.stop().await;
            }
            Err(record) => findings.push(
                Finding::new(format!("in a directory {what} the plugin does not come up"))
                    .at(Place::Handshake { field: 4 })
                    .expected("a socket with a short name in that directory")
                    .actual(why_not_up(&record))
                    .with(stderr(&record)),
            ),
        }
    }
    Ok(Verdict::of(findings))
}
