use crate::declare::requirement;
use crate::observed::{line_lacks, stderr};
use host::LaunchRecord;
use host::channel::Step;
use host::handshake::Departure;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The announced address is exactly reachable.
    ///
    /// A host dials what field 4 says, letter by letter: an IP address and a port, or the path of a socket.
    ///
    /// ## How it is judged
    ///
    /// The address of a plain and of an AutoMTLS launch: on TCP it must be an IP address and a port above 0, and on either network a connection to it must be accepted.
    ///
    /// ## Usual causes
    ///
    /// A host name, a wildcard, or port 0 in place of the address the socket got.
    "HSK-017", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    if let Some(Err(failure)) = &record.channel
        && failure.step == Step::Connect
    {
        let address = record.line.as_ref().map(|line| line.address.clone());
        return Ok(Verdict::fail(
            Finding::new("nobody accepts at the announced address")
                .at(Place::Handshake { field: 4 })
                .expected(format!("a listener at {}", address.unwrap_or_default()))
                .actual(failure.to_string())
                .with(stderr(record)),
        ));
    }
    line_lacks(record, &[Departure::TcpAddress], "an IP address and a port")
}
