use crate::declare::requirement;
use crate::observed::{blocked_by, has_banner, stderr};
use host::LaunchRecord;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Stdout stays clean and secrets stay off both streams.
    ///
    /// No other byte on stdout before the handshake line; nothing secret on stdout or stderr, ever.
    ///
    /// ## How it is judged
    ///
    /// The breach is a launch whose first line is no handshake while a later one is. Secrets are not looked for: this host hands none out that it would know again.
    ///
    /// ## Usual causes
    ///
    /// A banner, a debug print, or a logger that writes to stdout.
    "LIFE-004", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    let Some(first) = record.first_line() else {
        return Ok(blocked_by("LIFE-002"));
    };
    if !has_banner(record) {
        return Ok(Verdict::Pass);
    }
    Ok(Verdict::fail(
        Finding::new("stdout carries something before the handshake line")
            .at(Place::Output {
                stream: "stdout".to_owned(),
                line: 1,
            })
            .expected("the handshake line first")
            .actual(String::from_utf8_lossy(&first.bytes).into_owned())
            .hint("print nothing to stdout but the handshake line; write logs to stderr")
            .with(stderr(record)),
    ))
}
