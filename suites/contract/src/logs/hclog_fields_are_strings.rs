use super::output::{lines_lack, structured};
use crate::declare::requirement;
use host::logs::Departure;
use runner::Case;
use terms::Judgement;

requirement! {
    /// Hclog fields are strings.
    ///
    /// A go-plugin host panics over a JSON log line whose `@message`, `@level` or `@timestamp` is no string.
    ///
    /// ## How it is judged
    ///
    /// Every such field of a JSON object on stderr must be a string, from start to end of one launch in each mode, with health, an unknown method, a request that does not parse, and for an Aperio plugin Attach and ten light operations in between. A plugin that logs no JSON is not judged.
    ///
    /// ## Usual causes
    ///
    /// A JSON logger whose keys were renamed to `@level` and `@timestamp` while the values stayed numbers; an object as `@message`: write all three as strings.
    "LOG-008", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let nothing = "the plugin logs no JSON";
    lines_lack(
        case,
        structured,
        nothing,
        &[Departure::NotString],
        "a string",
    )
    .await
}
