use super::output::{any, lines_lack};
use crate::declare::requirement;
use host::logs::Departure;
use runner::Case;
use terms::Judgement;

requirement! {
    /// Lines stay below 64 KiB.
    ///
    /// A go-plugin host cuts a longer line into pieces and shows each as raw text at debug.
    ///
    /// ## How it is judged
    ///
    /// Every line on stderr must have at most 65,535 bytes, from start to end of one launch in each mode. A plugin that logs nothing is not judged.
    ///
    /// ## Usual causes
    ///
    /// A payload, or a stack trace, that is logged in one line.
    "LOG-012", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let nothing = "the plugin logs nothing";
    let expected = "at most 65,535 bytes before the newline";
    lines_lack(case, any, nothing, &[Departure::TooLong], expected).await
}
