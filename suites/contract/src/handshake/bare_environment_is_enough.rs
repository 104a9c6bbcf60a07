use crate::declare::requirement;
use crate::observed::{blocked_by, stderr};
use host::private_dir::PrivateDir;
use host::{Launch, Mode};
use runner::Case;
use terms::{Evidence, Finding, Judgement, Place, Trouble, Verdict};

/// How often both environments are tried.
const ROUNDS: usize = 3;

requirement! {
    /// A bare environment is enough.
    ///
    /// A plugin needs PATH-like basics, go-plugin's variables and documented APERIO_PLUGIN_* ones; it works with HOME unset, in `/`, without a terminal.
    ///
    /// ## How it is judged
    ///
    /// Every launch has that environment. Where none comes up in it, further ones have a home, a user and a shell: if each of those comes up, and none of the bare ones between them, the breach is found.
    "SEC-009", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let Some(root) = case.failed(Mode::Plain) else {
        return Ok(Verdict::Pass);
    };
    if case.came_up(Mode::AutoMtls) {
        return Ok(Verdict::Pass);
    }
    let directory = PrivateDir::new().map_err(Trouble::infrastructure)?;
    let home = directory.path().to_string_lossy().into_owned();
    let rich = [
        ("HOME", home.as_str()),
        ("USER", "plugin"),
        ("LOGNAME", "plugin"),
        ("SHELL", "/bin/sh"),
        ("TERM", "dumb"),
        ("XDG_RUNTIME_DIR", home.as_str()),
    ];
    let launch = Launch {
        env: rich
            .into_iter()
            .map(|(key, value)| (key.to_owned(), Some(value.to_owned())))
            .collect(),
        ..Launch::default()
    };
    // A start that fails now and then is told from one that lacks something:
    // what is rich must come up each time, what is bare never.
    let mut evidence = Evidence::default();
    for _ in 0..ROUNDS {
        let Ok(mut session) = case.attempt(&launch).await? else {
            return Ok(blocked_by(root));
        };
        evidence = stderr(session.record());
        session.stop().await;
        if let Ok(session) = case.attempt(&Launch::default()).await? {
            session.stop().await;
            return Ok(blocked_by(root));
        }
    }
    Ok(Verdict::fail(
        Finding::new("the plugin needs more than the environment of a launch")
            .at(Place::Process)
            .expected(
                "a line and a health answer with PATH, TMPDIR, LANG, TZ and go-plugin's variables",
            )
            .actual("it comes up only with HOME, USER, LOGNAME, SHELL, TERM and XDG_RUNTIME_DIR")
            .with(evidence),
    ))
}
