//! AutoMTLS launches whose `PLUGIN_CLIENT_CERT` is not the usual one.

use host::Launch;
use host::identity::{Curve, HostIdentity, Kind};
use host::launch::Tls;
use std::sync::Arc;
use terms::Trouble;

/// A form of the host's certificate: its name, and how it is made of PEM text.
pub(super) type Form = (&'static str, fn(&str) -> String);

/// A launch with a fresh host certificate like go-plugin's, announced as
/// `write` makes of its PEM text.
pub(super) fn launch_with(write: impl FnOnce(&str) -> String) -> Result<Launch, Trouble> {
    launch(Kind::default(), write)
}

/// A launch with a fresh host certificate of this kind, announced as it is.
pub(super) fn launch_as(kind: Kind) -> Result<Launch, Trouble> {
    launch(kind, str::to_owned)
}

fn launch(kind: Kind, write: impl FnOnce(&str) -> String) -> Result<Launch, Trouble> {
    let identity = HostIdentity::issue(Curve::P521, kind).map_err(Trouble::harness)?;
    let announced = write(&identity.pem);
    Ok(Launch {
        tls: Tls::As {
            identity: Arc::new(identity),
            announced,
        },
        ..Launch::default()
    })
}
