use super::output::lines_lack;
use crate::declare::requirement;
use host::logs::{Departure, Form};
use runner::Case;
use terms::Judgement;

requirement! {
    /// Timestamps have six fractional digits.
    ///
    /// A go-plugin host reads `2006-01-02T15:04:05.000000Z07:00` and nothing else: another form costs the line its level and its fields.
    ///
    /// ## How it is judged
    ///
    /// Every `@timestamp` of a JSON line on stderr must be of that form, from start to end of one launch in each mode. A plugin that logs none is not judged.
    ///
    /// ## Usual causes
    ///
    /// A formatter that writes milliseconds, or leaves out trailing zeros.
    "LOG-009", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let timed = |form| form == Form::Structured { timed: true };
    let nothing = "the plugin logs no JSON line with a time";
    let expected = "2006-01-02T15:04:05.000000Z, or an offset for the Z";
    lines_lack(case, timed, nothing, &[Departure::Timestamp], expected).await
}
