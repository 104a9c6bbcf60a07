use crate::declare::requirement;
use crate::observed::{blocked_by, stderr};
use host::LaunchRecord;
use host::channel::Step;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// A TLS server announces its certificate.
    ///
    /// Without field 6 no host can tell the plugin from a stranger, so it refuses the connection.
    ///
    /// ## How it is judged
    ///
    /// Where the line of an AutoMTLS launch holds no certificate, a few bytes of plain HTTP/2 are sent to the address: a TLS alert is the breach. An answer in plain text is that of TLS-001.
    ///
    /// ## Usual causes
    ///
    /// A certificate that is made and not printed; one from a file, which hosts cannot know; in Go a TLSProvider in the ServeConfig, which turns AutoMTLS off: leave it out.
    "TLS-002", Must, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    Ok(match &record.channel {
        Some(Err(failure)) if failure.step == Step::Unannounced => Verdict::fail(
            Finding::new("TLS is spoken, and field 6 is empty")
                .at(Place::Handshake { field: 6 })
                .expected("the certificate as unpadded base64")
                .actual(failure.text.clone())
                .with(stderr(record)),
        ),
        Some(_) => Verdict::Pass,
        None => blocked_by("LIFE-002"),
    })
}
