use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// Fields hold no blanks.
    ///
    /// A host trims the line, not its fields.
    ///
    /// ## How it is judged
    ///
    /// The first line of a plain and of an AutoMTLS launch is read.
    ///
    /// ## Usual causes
    ///
    /// Fields that are joined with a separator like ` | `, or text that is not trimmed before.
    "HSK-029", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(record, &[Departure::Blank], "fields without blanks")
}
