use super::output::outputs;
use crate::declare::requirement;
use host::logs::BUFFER;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// No stdout line reaches 64 KiB.
    ///
    /// A go-plugin host reads stdout line by line and gives up at 64 KiB: from then on nobody drains the pipe, and the plugin blocks once it is full.
    ///
    /// ## How it is judged
    ///
    /// Every line on stdout behind the handshake line must have at most 65,535 bytes, from start to end of one launch in each mode.
    ///
    /// ## Usual causes
    ///
    /// A dump of a payload, or a progress bar without line ends, on stdout.
    "LOG-007", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let outputs = outputs(case).await?;
    let longest = outputs
        .iter()
        .map(|output| output.longest_later)
        .max()
        .unwrap_or(0);
    if longest < BUFFER {
        return Ok(Verdict::Pass);
    }
    Ok(Verdict::fail(
        Finding::new(
            "a line on stdout is longer than a go-plugin host reads; it stops draining there",
        )
        .at(Place::Output {
            stream: "stdout".to_owned(),
            line: 2,
        })
        .expected("nothing, or lines of at most 65,535 bytes")
        .actual(format!("a line of {longest} bytes")),
    ))
}
