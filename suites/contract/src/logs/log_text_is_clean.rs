use super::output::{any, lines_lack};
use crate::declare::requirement;
use host::logs::Departure;
use runner::Case;
use terms::Judgement;

requirement! {
    /// Log text is clean.
    ///
    /// What a plugin logs ends up in its host's terminal and files. Escape sequences rewrite what stands there, a NUL ends it, and bytes that are not UTF-8 make it unreadable.
    ///
    /// ## How it is judged
    ///
    /// The bytes of every line on stderr, and the decoded `@message` of JSON lines, from start to end of one launch in each mode: no control character but tabs, and in a decoded message line breaks. A plugin that logs nothing is not judged.
    ///
    /// ## Usual causes
    ///
    /// A logger that colours its output although nobody is at a terminal; text of a provider logged as it came.
    "LOG-013", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let nothing = "the plugin logs nothing";
    let kinds = [Departure::NotUtf8, Departure::Control];
    lines_lack(
        case,
        any,
        nothing,
        &kinds,
        "UTF-8 without control characters",
    )
    .await
}
