use crate::declare::requirement;
use crate::fifty_launches::{Life, fifty_launches};
use crate::observed::stderr;
use host::channel::Step;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The listener accepts before the line is printed.
    ///
    /// A host dials as soon as it has read the line. What comes a millisecond later fails now and then, on a loaded machine first.
    ///
    /// ## How it is judged
    ///
    /// Fifty launches are dialled once, at once. Where the first attempt is refused and a later one is not, the line came too early.
    ///
    /// ## Usual causes
    ///
    /// The line is printed first and the server started after it, or in another thread: bind and listen, print, then accept.
    "HSK-016", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let lives = fifty_launches(case).await?;
    let early: Vec<&Life> = lives
        .iter()
        .filter(|life| {
            matches!(&life.record.channel, Some(Err(failure)) if failure.step == Step::Early)
        })
        .collect();
    let Some(first) = early.first() else {
        return Ok(Verdict::Pass);
    };
    Ok(Verdict::fail(
        Finding::new("the line is printed before the listener accepts")
            .at(Place::Handshake { field: 4 })
            .expected("a connection right after the line")
            .actual(format!(
                "refused at once in {} of {} launches",
                early.len(),
                lives.len()
            ))
            .with(stderr(&first.record)),
    ))
}
