use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// The application version is a plain decimal.
    ///
    /// Field 2 is the interface's major, without sign, prefix or leading zero.
    ///
    /// ## How it is judged
    ///
    /// The first line of a plain and of an AutoMTLS launch is read.
    ///
    /// ## Usual causes
    ///
    /// A version such as `v1` or `1.0`: the field is the number of the application's protocol.
    "HSK-013", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(record, &[Departure::Version], "a decimal like 1")
}
