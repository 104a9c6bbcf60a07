use super::socket_mode::judge_mode;
use crate::declare::requirement;
use host::Launch;
use runner::Case;
use terms::Judgement;

requirement! {
    /// Without TLS nobody else may open the socket.
    ///
    /// Connecting to a unix socket needs write permission; with it any local user reaches the plugin.
    ///
    /// ## How it is judged
    ///
    /// The mode of the socket in a plain launch with umask 022, since a stricter one would hide the breach: neither group nor others may write. A plugin on TCP is not judged.
    ///
    /// ## Usual causes
    ///
    /// A `chmod` of the socket to 0777, 0666 or 0660; a cleared umask; a library's option that opens it to all, such as Node's `writableAll`. Leave the mode alone, or set it to 0700.
    "HSK-021", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    judge_mode(case, Launch::default()).await
}
