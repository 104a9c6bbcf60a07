//! A range of ports for plugins that listen on TCP.

use host::handshake::Network;
use runner::Case;
use std::net::TcpListener;
use terms::{Stopped, Trouble, Verdict};

/// Width of the range.
const WIDTH: u16 = 8;

/// A range of ports, both ends included.
pub(super) struct Ports {
    /// Holds the first of them until it is dropped.
    pub(super) first: TcpListener,
    pub(super) min: u16,
    pub(super) max: u16,
}

impl Ports {
    /// A range of free ports, another one each time.
    pub(super) fn free() -> Result<Ports, Stopped> {
        // A port the system gives is free, and so, most likely, are its neighbours.
        let first = TcpListener::bind(("127.0.0.1", 0)).map_err(Trouble::infrastructure)?;
        let min = first.local_addr().map_err(Trouble::infrastructure)?.port();
        let max = min
            .checked_add(WIDTH - 1)
            .ok_or_else(|| Trouble::infrastructure("the highest ports alone are free"))?;
        Ok(Ports { first, min, max })
    }
}

/// Why a plugin is not judged that listens on a unix socket; none for one on TCP.
pub(super) async fn not_on_tcp(case: &Case) -> Result<Option<Verdict>, Stopped> {
    let session = case.launch(&case.base()).await?;
    let network = session.line().network;
    session.stop().await;
    Ok((network == Network::Unix)
        .then(|| Verdict::not_claimed("the plugin listens on a unix socket")))
}
