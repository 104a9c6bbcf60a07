use crate::declare::requirement;
use crate::observed::{stderr, why_not_up};
use host::Launch;
use host::launch::Stdin;
use runner::Case;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// Nothing waits for stdin.
    ///
    /// A host gives a plugin nothing to read: its stdin is the null device, or a pipe on which nothing comes.
    ///
    /// ## How it is judged
    ///
    /// The usual launches have the null device; one more has a pipe that stays open and silent, and must come up like them.
    ///
    /// ## Usual causes
    ///
    /// A main function that waits until stdin ends, as servers of other protocols do; a prompt.
    "HSK-006", Must, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let launch = Launch {
        stdin: Stdin::OpenPipe,
        ..case.base()
    };
    Ok(match case.attempt(&launch).await? {
        Ok(session) => {
            session.stop().await;
            Verdict::Pass
        }
        Err(record) => Verdict::fail(
            Finding::new("with an open stdin the plugin does not start")
                .expected("a line and a health answer, as with the null device")
                .actual(why_not_up(&record))
                .with(stderr(&record)),
        ),
    })
}
