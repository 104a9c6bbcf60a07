use crate::declare::requirement;
use crate::observed::{blocked_by, line_lacks};
use host::LaunchRecord;
use host::channel::Step;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// `AutoMTLS` is never answered in plain text.
    ///
    /// A host that sets PLUGIN_CLIENT_CERT wants both sides to prove who they are. A plugin that ignores it leaves the channel open to every local process.
    ///
    /// ## How it is judged
    ///
    /// The line of an AutoMTLS launch must announce a certificate; nobody dials otherwise.
    ///
    /// ## Usual causes
    ///
    /// A server started without TLS options; a library older than AutoMTLS. A plugin that promises none is judged with --no-auto-mtls.
    "TLS-001", Must, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    if matches!(&record.channel, Some(Err(failure)) if failure.step == Step::Unannounced) {
        return Ok(blocked_by("TLS-002"));
    }
    line_lacks(
        record,
        &[Departure::CertificateMissing],
        "a certificate in field 6",
    )
}
