use super::output::outputs;
use crate::declare::requirement;
use host::logs::{self, Departure, Form, Lint};
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Lines are structured or levelled.
    ///
    /// A go-plugin host takes the level of a line from hclog's JSON, or from `[TRACE]`, `[DEBUG]`, `[INFO]`, `[WARN]`, `[ERROR]` at its beginning. Any other text is shown at debug, errors too.
    ///
    /// ## How it is judged
    ///
    /// Every line on stderr, from start to end of one launch in each mode. The breach is a launch in which half of the lines or more carry no level, so that a stray line of a library is not accused. Blank lines and lines that begin with a blank go on with the line before and do not count, and neither do lines of LOG-012's length. A plugin that logs nothing is not judged.
    ///
    /// ## Usual causes
    ///
    /// `print` or the language's plain logger in place of one that writes hclog's JSON.
    "LOG-011", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let outputs = outputs(case).await?;
    let (mut seen, mut findings) = (0, Vec::new());
    for output in outputs.iter() {
        let (mut lines, mut bare): (usize, Vec<(u64, Lint)>) = (0, Vec::new());
        for line in &output.stderr {
            let reading = logs::read(line);
            lines += usize::from(!matches!(reading.form, Form::Continued | Form::Oversized));
            let unlevelled = |lint: &Lint| lint.kind == Departure::NoLevel;
            let lint = reading.lints.into_iter().find(unlevelled);
            bare.extend(lint.map(|lint| (line.number, lint)));
        }
        seen += lines;
        if let Some((number, lint)) = bare.first()
            && bare.len() * 2 >= lines
            && findings.is_empty()
        {
            findings.push(
                Finding::new(lint.text.clone())
                    .at(Place::Output {
                        stream: "stderr".to_owned(),
                        line: *number,
                    })
                    .expected("hclog's JSON, or a level in brackets, on most lines")
                    .actual(format!(
                        "{} of {lines} lines without, such as: {}",
                        bare.len(),
                        lint.seen
                    )),
            );
        }
    }
    if seen == 0 {
        return Ok(Verdict::not_claimed("the plugin logs nothing"));
    }
    Ok(Verdict::of(findings))
}
