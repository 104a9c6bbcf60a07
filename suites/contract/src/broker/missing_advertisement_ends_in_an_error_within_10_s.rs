use crate::declare::requirement;
use crate::observed::not_aperios;
use host::CallEnd;
use host::session::ATTACH;
use runner::Case;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};

const LIMIT: Duration = Duration::from_secs(10);

requirement! {
    /// A missing advertisement ends in an error within 10 s.
    ///
    /// A host may fail between the call and the advertisement. go-plugin waits 5 s for it and says so.
    ///
    /// ## How it is judged
    ///
    /// Attach with an id that nobody advertises must end with a status within 10 s. A plugin that answers OK without waiting is not judged.
    ///
    /// ## Usual causes
    ///
    /// A queue that is read without a limit.
    "BRK-005", Must, since "1.0", waits long
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.plugin().is_aperio() {
        return Ok(not_aperios());
    }
    let mut session = case.launch(&case.base()).await?;
    let began = Instant::now();
    let call = session.attach_in_vain().await?;
    let end = tokio::time::timeout(LIMIT, call).await;
    let took = began.elapsed();
    let verdict = match end {
        Ok(CallEnd::Answer(_)) => Verdict::not_claimed("Attach waits for no advertisement"),
        Ok(CallEnd::Refused(_)) => Verdict::Pass,
        Ok(end) => {
            let end = session.settle(end).await;
            let _ = session.replied(ATTACH, end)?;
            Verdict::Pass
        }
        Err(_) => Verdict::fail(
            Finding::new("Attach waits for an advertisement that does not come")
                .at(Place::Call {
                    method: ATTACH.to_owned(),
                })
                .expected("an error within 10 s")
                .actual(format!("nothing after {} s", took.as_secs()))
                .with(session.evidence()),
        ),
    };
    session.finish().await;
    Ok(verdict)
}
