//! A range of ports for plugins that listen on TCP.

use host::handshake::Network;
use runner::Case;
use terms::{Stopped, Trouble};

/// Width of the range.
const WIDTH: u16 = 8;

/// A range of free ports, both ends included.
pub(super) struct Ports {
    pub(super) min: u16,
    pub(super) max: u16,
}

/// A range, for a plugin that listens on TCP; none for one that does not.
pub(super) async fn on_tcp(case: &Case) -> Result<Option<Ports>, Stopped> {
    let session = case.launch(&case.base()).await?;
    let network = session.line().network;
    session.stop().await;
    if network == Network::Unix {
        return Ok(None);
    }
    // Any port the system gives now is free, and so, most likely, are its
    // neighbours.
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map_err(Trouble::infrastructure)?
        .port();
    let min = port.min(u16::MAX - WIDTH);
    Ok(Some(Ports {
        min,
        max: min + WIDTH - 1,
    }))
}
