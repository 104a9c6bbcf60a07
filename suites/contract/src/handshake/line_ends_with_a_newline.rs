use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// The line ends with a newline.
    ///
    /// A host reads up to the newline. Without one it waits until the stream ends or its start timeout runs out.
    ///
    /// ## How it is judged
    ///
    /// The first line of a plain and of an AutoMTLS launch is read.
    ///
    /// ## Usual causes
    ///
    /// `print(..., end="")`, `fmt.Print` or `print!` in place of their line-ending twins.
    "HSK-010", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(
        record,
        &[Departure::NoNewline],
        "a newline after the last field",
    )
}
