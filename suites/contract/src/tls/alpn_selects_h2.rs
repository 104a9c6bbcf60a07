use crate::declare::requirement;
use crate::observed::{blocked_by, stderr};
use host::LaunchRecord;
use terms::{Finding, Judgement, Verdict};

requirement! {
    /// ALPN selects h2.
    ///
    /// Hosts on grpc-go 1.67 or newer drop a TLS connection that settled on no protocol.
    ///
    /// ## How it is judged
    ///
    /// The protocol that an AutoMTLS launch settles on with a host that offers h2 must be h2.
    ///
    /// ## Usual causes
    ///
    /// A TLS configuration made by hand, without a list of protocols.
    "TLS-017", Must, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    let Some(Ok(facts)) = &record.channel else {
        return Ok(blocked_by("TLS-005"));
    };
    if facts.alpn.as_deref() == Some("h2") {
        return Ok(Verdict::Pass);
    }
    Ok(Verdict::fail(
        Finding::new("the plugin selects no h2 in the TLS handshake")
            .expected("h2")
            .actual(facts.alpn.clone().unwrap_or_else(|| "nothing".to_owned()))
            .with(stderr(record)),
    ))
}
