use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// The network is unix or tcp.
    ///
    /// Hosts know these two names, in lower case.
    ///
    /// ## How it is judged
    ///
    /// The first line of a plain and of an AutoMTLS launch is read.
    ///
    /// ## Usual causes
    ///
    /// The name of a library's listener type, such as `tcp4` or `unixpacket`; upper case.
    "HSK-015", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(record, &[Departure::Network], "unix or tcp")
}
