use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// Field 6 is one certificate in DER.
    ///
    /// Not PEM text, not a key, not a chain.
    ///
    /// ## How it is judged
    ///
    /// Field 6 of an AutoMTLS launch is decoded and parsed.
    ///
    /// ## Usual causes
    ///
    /// Base64 of PEM text, of a key or of a chain: the field is base64 of the DER bytes of one certificate.
    "TLS-004", Must, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(
        record,
        &[Departure::CertificateContent],
        "one X.509 certificate in DER",
    )
}
