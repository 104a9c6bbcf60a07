use crate::declare::requirement;
use crate::observed::{blocked_by, stderr};
use host::LaunchRecord;
use host::channel::Step;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// The plugin speaks HTTP/2.
    ///
    /// gRPC is HTTP/2 from the first byte, with TLS or without: no HTTP/1, no upgrade, no gRPC-Web.
    ///
    /// ## How it is judged
    ///
    /// The first bytes the server sends must be a SETTINGS frame.
    ///
    /// ## Usual causes
    ///
    /// A web framework's server in place of a gRPC one; a proxy in front of it.
    "RPC-001", Must, since "1.0", record
}

fn judge(record: &LaunchRecord) -> Judgement {
    let failure = match &record.channel {
        Some(Ok(_)) => return Ok(Verdict::Pass),
        Some(Err(failure)) if failure.step == Step::Preface => failure,
        _ => return Ok(blocked_by("LIFE-002")),
    };
    Ok(Verdict::fail(
        Finding::new("something else than HTTP/2 is spoken at the announced address")
            .expected("a SETTINGS frame")
            .actual(failure.text.clone())
            .with(stderr(record)),
    ))
}
