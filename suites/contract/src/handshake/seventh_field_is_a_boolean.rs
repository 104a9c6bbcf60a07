use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// The seventh field is a boolean.
    ///
    /// A host refuses the whole line over it.
    ///
    /// ## How it is judged
    ///
    /// The first line of a plain and of an AutoMTLS launch is read.
    ///
    /// ## Usual causes
    ///
    /// A `|` at the end, which makes an empty seventh field; `yes`, `on` or another word than Go's `strconv.ParseBool` knows: write `true`, or leave field and bar out.
    "HSK-027", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(record, &[Departure::MultiplexNotBoolean], "true or false")
}
