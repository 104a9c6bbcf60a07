use crate::declare::requirement;
use host::Session;
use std::time::Duration;
use terms::{Finding, Judgement, Place, Verdict};

/// How long a line may trail the call that caused it.
const SETTLE: Duration = Duration::from_millis(50);

requirement! {
    /// Stdout is silent after the line.
    ///
    /// A host throws away what comes there, and stops reading at a long line.
    ///
    /// ## How it is judged
    ///
    /// After a health call stdout must carry nothing behind the handshake line.
    ///
    /// ## Usual causes
    ///
    /// `print` and its like, in the plugin or in a library it uses: turn stdout to stderr, or to the stdio stream, once the line is out.
    "LOG-006", Should, since "1.0", session
}

async fn judge(session: &mut Session) -> Judgement {
    session.health("plugin").await;
    session
        .stdout()
        .wait_for(SETTLE, |stdout| stdout.line_count() > 1)
        .await;
    let lines = session.stdout().lines();
    let Some(line) = lines.get(1) else {
        return Ok(Verdict::Pass);
    };
    Ok(Verdict::fail(
        Finding::new("something is printed to stdout after the handshake line")
            .at(Place::Output {
                stream: "stdout".to_owned(),
                line: 2,
            })
            .expected("nothing")
            .actual(String::from_utf8_lossy(&line.bytes).into_owned()),
    ))
}
