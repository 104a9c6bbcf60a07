use crate::declare::requirement;
use crate::observed::{blocked_by, stderr};
use crate::operation::Operation;
use host::private_dir::PrivateDir;
use host::{CallEnd, Launch, Mode};
use runner::Case;
use terms::{Evidence, Finding, Judgement, Place, Stopped, Trouble, Verdict};

/// How often both environments are tried.
const ROUNDS: usize = 3;

requirement! {
    /// A bare environment is enough.
    ///
    /// A plugin needs PATH-like basics, go-plugin's variables and documented APERIO_PLUGIN_* ones; it works with HOME unset, in `/`, without a terminal.
    ///
    /// ## How it is judged
    ///
    /// Every launch has that environment. Where none comes up in it, further ones have a home, a user and a shell: if each of those comes up, and none of the bare ones between them, the breach is found. Where launches come up, a light operation that is refused is asked again in such pairs: refused in each bare one and answered in each rich one, it is the same breach.
    ///
    /// ## Usual causes
    ///
    /// `os.UserHomeDir`, a path below HOME, or the user's name, without a way on where there is none.
    "SEC-009", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
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
        ..case.base()
    };
    match case.failed(Mode::Plain) {
        Some(root) if !case.came_up(Mode::AutoMtls) => {
            Box::pin(at_start(case, &launch, root)).await
        }
        _ => Box::pin(in_calls(case, &launch)).await,
    }
}

/// Whether a plugin that does not come up does so in this richer launch.
async fn at_start(case: &Case, launch: &Launch, root: &str) -> Judgement {
    // A start that fails now and then is told from one that lacks something:
    // what is rich must come up each time, what is bare never.
    let mut evidence = Evidence::default();
    for _ in 0..ROUNDS {
        let Ok(mut session) = case.attempt(launch).await? else {
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

/// Whether a plugin that refuses a light operation does it in this richer
/// launch.
async fn in_calls(case: &Case, launch: &Launch) -> Judgement {
    let mut refused = None;
    for _ in 0..ROUNDS {
        let Some(bare) = refusal(case, &case.base()).await? else {
            return Ok(Verdict::Pass);
        };
        if refusal(case, launch).await?.is_some() {
            return Ok(Verdict::Pass);
        }
        refused = Some(bare);
    }
    Ok(Verdict::of(refused.into_iter().collect()))
}

/// The refusal of a light operation in this launch; a call that is lost is
/// told elsewhere.
async fn refusal(case: &Case, launch: &Launch) -> Result<Option<Finding>, Stopped> {
    let mut session = case.launch(launch).await?;
    let mut refusal = None;
    if let Some(operation) = Operation::of(&mut session).await? {
        let server = session.attach().await;
        let end = operation.call(&session.caller()).await;
        if matches!(end, CallEnd::Refused(_)) {
            refusal = Some(
                Finding::new("a call needs more than the environment of a launch")
                    .at(Place::Call {
                        method: operation.method().to_owned(),
                    })
                    .expected("an answer, as with HOME, USER, LOGNAME, SHELL and TERM")
                    .actual(end.to_string())
                    .with(session.evidence()),
            );
        }
        drop(server);
    }
    session.stop().await;
    Ok(refusal)
}
