use super::output::{lines_lack, structured};
use crate::declare::requirement;
use host::logs::Departure;
use runner::Case;
use terms::Judgement;

requirement! {
    /// Levels are known and messages present.
    ///
    /// A JSON line without a level of hclog is shown raw, at debug; one without a message is shown empty.
    ///
    /// ## How it is judged
    ///
    /// Every JSON object on stderr must have `@message`, and an `@level` that hclog knows, from start to end of one launch in each mode. Case and blanks around a level do not matter. A plugin that logs no JSON is not judged.
    ///
    /// ## Usual causes
    ///
    /// Another library's field names: `level`, `msg`. Levels such as `warning`, `notice`, `fatal`.
    "LOG-010", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let nothing = "the plugin logs no JSON";
    let kinds = [Departure::UnknownLevel, Departure::NoMessage];
    let expected = "@message, and @level of trace, debug, info, warn or error";
    lines_lack(case, structured, nothing, &kinds, expected).await
}
