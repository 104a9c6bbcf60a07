use crate::declare::requirement;
use crate::observed::not_aperios;
use host::Session;
use host::call::code_name;
use host::session::{DESCRIBE, describe_request};
use proto::aperio::plugin::v1 as api;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};

const LIMIT: Duration = Duration::from_secs(2);

requirement! {
    /// `Describe` works before Attach and without network.
    ///
    /// A host reads what a plugin is before it gives it anything, and waits 2 s at most.
    ///
    /// ## How it is judged
    ///
    /// One call in each mode, before anything is attached, must be answered with a description within 2 s. What it would do without a network is not seen, since there is one.
    ///
    /// ## Usual causes
    ///
    /// A description that is read from the provider, or from configuration that comes with Attach only; work at start that takes seconds.
    "ID-001", Must, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    if !session.plugin().is_aperio() {
        return Ok(not_aperios());
    }
    let began = Instant::now();
    // Asked anew: what the session knows already was asked for by another check.
    let reply: Result<api::DescribeResponse, _> = session.ask(DESCRIBE, describe_request()).await?;
    let took = began.elapsed();
    let seen = match reply {
        Err(status) => format!("{} {:?}", code_name(status.code()), status.message()),
        Ok(_) if took > LIMIT => format!("an answer after {} ms", took.as_millis()),
        Ok(_) => return Ok(Verdict::Pass),
    };
    Ok(Verdict::fail(
        Finding::new("Describe gave no description in time")
            .at(Place::Call {
                method: DESCRIBE.to_owned(),
            })
            .expected("a description within 2 s")
            .actual(seen)
            .with(session.evidence()),
    ))
}
