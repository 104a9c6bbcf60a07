use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// The core protocol is 1.
    ///
    /// Field 1 names the version of go-plugin's own protocol. There is one.
    ///
    /// ## How it is judged
    ///
    /// The first line of a plain and of an AutoMTLS launch is read.
    ///
    /// ## Usual causes
    ///
    /// The version of the application, or of the library, in the first field.
    "HSK-012", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(record, &[Departure::Core], "1")
}
