use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// There is no seventh field unless asked for.
    ///
    /// Hosts from before multiplexing read the line without it.
    ///
    /// ## How it is judged
    ///
    /// The first line of a plain and of an AutoMTLS launch is read. Neither launch sets PLUGIN_MULTIPLEX_GRPC.
    ///
    /// ## Usual causes
    ///
    /// A seventh field that is printed always, as `false`; it stands there only where PLUGIN_MULTIPLEX_GRPC is set.
    "HSK-024", Should, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(record, &[Departure::MultiplexUnasked], "five or six fields")
}
