use super::ports::{Ports, not_on_tcp};
use crate::declare::requirement;
use crate::observed::{stderr, why_not_up};
use host::Launch;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// A busy port is passed over.
    ///
    /// Other plugins listen in the same range.
    ///
    /// ## How it is judged
    ///
    /// One launch with a range of eight ports, the first of them taken, must come up. A plugin on unix sockets is not judged.
    ///
    /// ## Usual causes
    ///
    /// The first port of the range alone is tried; the next one belongs into a loop.
    "HSK-023", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    if let Some(verdict) = not_on_tcp(case).await? {
        return Ok(verdict);
    }
    let ports = Ports::free()?;
    let launch = Launch {
        ports: Some((ports.min, ports.max)),
        ..case.base()
    };
    let attempt = case.attempt(&launch).await?;
    drop(ports.first);
    Ok(match attempt {
        Ok(session) => {
            session.stop().await;
            Verdict::Pass
        }
        Err(record) => Verdict::fail(
            Finding::new("a busy first port keeps the plugin from starting")
                .at(Place::Process)
                .expected(format!(
                    "a listener on one of {} to {}",
                    ports.min + 1,
                    ports.max
                ))
                .actual(why_not_up(&record))
                .with(stderr(&record)),
        ),
    })
}
