use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// The line has five or six plain-text fields.
    ///
    /// Core version, application version, network, address and protocol, and a sixth field for the certificate, which may be left out without AutoMTLS. With four fields a go-plugin host takes the plugin for net/rpc.
    ///
    /// ## How it is judged
    ///
    /// The first line of a plain and of an AutoMTLS launch is read. Bytes that are not UTF-8, control characters (a carriage return too) and a byte order mark count as well.
    ///
    /// ## Usual causes
    ///
    /// A log line or banner in place of the handshake line; CRLF line endings.
    "HSK-011", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(
        record,
        &[Departure::FieldCount, Departure::NotText],
        "core|app|network|address|grpc|certificate",
    )
}
