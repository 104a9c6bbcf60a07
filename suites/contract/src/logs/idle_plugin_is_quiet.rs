use crate::declare::requirement;
use crate::idle::idle;
use crate::observed::blocked_by;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

/// Lines a second that are still quiet.
const LINES: f64 = 2.0;
/// Bytes a second that are still quiet.
const BYTES: f64 = 4096.0;

requirement! {
    /// An idle plugin is quiet.
    ///
    /// While nothing is asked of it a plugin writes at most two lines and 4 KiB a second: a host keeps hundreds of plugins for months, and their logs.
    ///
    /// ## How it is judged
    ///
    /// In the idle process that several checks share: what arrives on stdout, stderr and the stdio stream within 5 s, from a second after the start on.
    ///
    /// ## Usual causes
    ///
    /// A poll that logs every turn; a log level left at debug; a retry without a pause.
    "LOG-014", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let seen = idle(case).await?;
    if seen.exit.is_some() {
        return Ok(blocked_by("STOP-008"));
    }
    let seconds = seen.watched.as_secs_f64();
    if within(seen.lines, LINES * seconds) && within(seen.bytes, BYTES * seconds) {
        return Ok(Verdict::Pass);
    }
    Ok(Verdict::fail(
        Finding::new("an idle plugin floods its output")
            .at(Place::Process)
            .expected("at most 2 lines and 4 KiB a second")
            .actual(format!(
                "{} lines and {} bytes in {seconds:.1} s",
                seen.lines, seen.bytes
            ))
            .with(seen.evidence.clone()),
    ))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a few seconds of output"
)]
fn within(count: u64, most: f64) -> bool {
    count as f64 <= most
}
