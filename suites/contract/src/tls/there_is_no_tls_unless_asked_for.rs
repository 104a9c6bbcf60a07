use crate::declare::requirement;
use crate::observed::line_lacks;
use host::LaunchRecord;
use host::handshake::Departure;
use terms::Judgement;

requirement! {
    /// There is no TLS unless asked for.
    ///
    /// A go-plugin host that did not ask for AutoMTLS crashes when field 6 holds a certificate.
    ///
    /// ## How it is judged
    ///
    /// The line of a plain launch must hold none.
    ///
    /// ## Usual causes
    ///
    /// AutoMTLS without a look at PLUGIN_CLIENT_CERT: TLS belongs where that variable is set, and nowhere else.
    "TLS-018", Must, since "1.0", record over plain
}

fn judge(record: &LaunchRecord) -> Judgement {
    line_lacks(record, &[Departure::CertificateUnasked], "an empty field 6")
}
