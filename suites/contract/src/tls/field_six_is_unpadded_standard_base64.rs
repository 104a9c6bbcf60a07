use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// Field 6 is unpadded standard base64.
    ///
    /// Go decodes it with its raw standard encoding. Whether padding is needed depends on the length of the signature, so a plugin that pads fails in two launches of three.
    ///
    /// ## How it is judged
    ///
    /// Field 6 of an AutoMTLS launch must decode as such. Padding in a later launch only, seen beside TLS-013, is told here.
    ///
    /// ## Usual causes
    ///
    /// `base64.b64encode` or `StdEncoding` without removing `=`.
    "TLS-003", Must, since "1.0", record over tls
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(
        record,
        &[Departure::CertificateEncoding],
        "unpadded standard base64",
    )
}
