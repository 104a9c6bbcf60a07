use super::output::{any, outputs};
use crate::declare::requirement;
use host::logs::{self, Departure};
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Log text does not imitate a crash.
    ///
    /// A go-plugin host takes a line that begins with `panic: ` or `fatal error: ` for the start of Go's last words, and shows every later line without a level as an error.
    ///
    /// ## How it is judged
    ///
    /// The beginning of every line of plain text on stderr, from start to end of one launch in each mode, where the plugin lived on and ended cleanly: then it was no crash. A plugin that logs nothing is not judged.
    ///
    /// ## Usual causes
    ///
    /// A panic that was caught and printed as `panic: …`, or an error whose text begins with that: put a level such as `[ERROR]` before it, or log it as JSON.
    "LOG-015", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let outputs = outputs(case).await?;
    let (mut seen, mut findings) = (0, Vec::new());
    let lived = outputs
        .iter()
        .filter(|output| output.exit.is_some_and(|exit| exit.is_clean()));
    for line in lived.flat_map(|output| &output.stderr) {
        let reading = logs::read(line);
        seen += usize::from(any(reading.form));
        let crash = reading
            .lints
            .into_iter()
            .find(|lint| lint.kind == Departure::CrashText);
        if let Some(lint) = crash.filter(|_| findings.is_empty()) {
            findings.push(
                Finding::new(lint.text)
                    .at(Place::Output {
                        stream: "stderr".to_owned(),
                        line: line.number,
                    })
                    .expected("another beginning, or a level before it")
                    .actual(lint.seen),
            );
        }
    }
    if seen == 0 {
        return Ok(Verdict::not_claimed(
            "the plugin logs nothing, or did not end cleanly",
        ));
    }
    Ok(Verdict::of(findings))
}
