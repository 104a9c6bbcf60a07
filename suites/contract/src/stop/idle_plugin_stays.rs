use crate::declare::requirement;
use crate::idle::idle;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// An idle plugin stays.
    ///
    /// The host decides when a plugin ends. One that leaves by itself is a crash to its host, and the next call is lost.
    ///
    /// ## How it is judged
    ///
    /// In the idle process that several checks share: nothing is asked of it for 6 s, while its host holds the connection. It must live.
    ///
    /// ## Usual causes
    ///
    /// An idle timeout meant for functions that are billed by time.
    "STOP-008", Must, since "1.0", waits long
}

async fn judge(case: &mut Case) -> Judgement {
    let seen = idle(case).await?;
    Ok(match seen.exit {
        None => Verdict::Pass,
        Some(exit) => Verdict::fail(
            Finding::new("the process ended by itself while nothing was asked of it")
                .at(Place::Process)
                .expected("a process that waits for its host")
                .actual(exit.to_string())
                .with(seen.evidence.clone()),
        ),
    })
}
