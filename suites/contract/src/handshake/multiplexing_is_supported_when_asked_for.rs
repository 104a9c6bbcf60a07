use crate::declare::requirement;
use crate::multiplexed;
use crate::observed::{line_lacks, stderr, why_not_up};
use host::handshake::Departure;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

/// Further launches where one brings no line.
const AGAIN: usize = 3;

requirement! {
    /// Multiplexing is supported when asked for.
    ///
    /// A host that can reach the plugin over one socket only asks for it by PLUGIN_MULTIPLEX_GRPC=true. go-plugin's host gives up on a plugin that does not promise it.
    ///
    /// ## How it is judged
    ///
    /// One launch with the variable set must print a line whose seventh field says true. Where no line comes, three more launches are tried.
    ///
    /// ## Usual causes
    ///
    /// go-plugin before 1.6.0; a library that prints six fields always.
    "HSK-025", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mode = case.base().mode();
    let mut record = multiplexed::seen(case, mode).await?.as_ref().clone();
    // A start that fails now and then is told by ROB-002.
    for _ in 0..AGAIN {
        if record.first_line().is_none() {
            record = Box::pin(multiplexed::attempt(case, mode)).await?;
        }
    }
    if record.first_line().is_none() {
        return Ok(Verdict::fail(
            Finding::new("PLUGIN_MULTIPLEX_GRPC=true keeps the plugin from starting")
                .at(Place::Process)
                .expected("a handshake line as without it")
                .actual(why_not_up(&record))
                .with(stderr(&record)),
        ));
    }
    line_lacks(
        &record,
        &[Departure::MultiplexMissing],
        "a seventh field that says true",
    )
}
