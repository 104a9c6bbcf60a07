use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// The socket path is absolute, short and plain.
    ///
    /// A path of more than 107 bytes does not fit the system's address structure, and a relative one means another place to the host.
    ///
    /// ## How it is judged
    ///
    /// The first line of a plain and of an AutoMTLS launch is read. Launches with long directories are not part of it yet.
    "HSK-018", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(record, &[Departure::SocketPath], "an absolute path of at most 107 bytes")
}
