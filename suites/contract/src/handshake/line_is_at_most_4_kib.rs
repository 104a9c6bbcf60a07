use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// The line is at most 4 KiB.
    ///
    /// At 64 KiB a go-plugin host stops reading stdout for good.
    ///
    /// ## How it is judged
    ///
    /// The first line of a plain and of an AutoMTLS launch is read.
    ///
    /// ## Usual causes
    ///
    /// A chain of certificates in field 6, or one with many names or extensions: announce one small self-signed certificate for localhost.
    "HSK-028", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(record, &[Departure::TooLong], "at most 4096 bytes")
}
