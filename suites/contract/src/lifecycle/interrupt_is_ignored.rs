use crate::declare::requirement;
use runner::Case;
use rustix::process::Signal;
use std::time::Duration;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// An interrupt from the terminal is ignored.
    ///
    /// SIGINT has no effect: the terminal sends it to the host's whole process group, and the host decides.
    ///
    /// ## How it is judged
    ///
    /// SIGINT to the started process of a launch; 300 ms later it must live and answer a health call.
    ///
    /// ## Usual causes
    ///
    /// The default of most runtimes; Python raises `KeyboardInterrupt`.
    "LIFE-008", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    session.process().signal(Signal::INT);
    let exit = session
        .process()
        .exited_within(Duration::from_millis(300))
        .await;
    let serving = exit.is_none() && session.health("plugin").await.replied();
    let verdict = if serving {
        Verdict::Pass
    } else {
        let seen = exit.map_or("health no longer answers".to_owned(), |exit| {
            exit.to_string()
        });
        Verdict::fail(
            Finding::new("SIGINT ended the plugin, or its service")
                .expected("a plugin that goes on serving")
                .actual(seen)
                .with(session.evidence()),
        )
    };
    session.stop().await;
    Ok(verdict)
}
