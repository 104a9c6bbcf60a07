use crate::broker::START_STREAM;
use crate::declare::requirement;
use host::Session;
use host::channel::{self, FirstWords};
use host::handshake::Network;
use std::time::Duration;
use terms::{Finding, Judgement, Place, Verdict};

/// Announcements that are looked at.
const MOST: usize = 16;

requirement! {
    /// Brokered listeners use the same TLS.
    ///
    /// A listener that the plugin announces over the broker is a door like the main one.
    ///
    /// ## How it is judged
    ///
    /// Under AutoMTLS a few bytes of plain HTTP/2 are sent to every listener the plugin announces on this machine; an answer in HTTP/2 is the breach. A plugin that announces none is not judged.
    ///
    /// ## Usual causes
    ///
    /// A listener for the broker that is made without the server's TLS configuration; in Go a server of one's own on `broker.Accept`, or a function for `AcceptAndServe` that ignores the options it is given.
    "TLS-023", Must, since "1.0", session over tls
}

async fn judge(session: &mut Session) -> Judgement {
    session.health("plugin").await;
    let announced = session
        .broker()
        .map(|broker| broker.announced())
        .unwrap_or_default();
    let listeners: Vec<(Network, String)> = announced
        .into_iter()
        .filter(|info| info.knock.is_none())
        .filter_map(|info| match info.network.as_str() {
            "tcp" => Some((Network::Tcp, info.address)),
            "unix" => Some((Network::Unix, info.address)),
            _ => None,
        })
        .take(MOST)
        .collect();
    if listeners.is_empty() {
        return Ok(Verdict::not_claimed("the plugin announces no listener"));
    }
    let (mut findings, mut reached) = (Vec::new(), false);
    for (network, address) in listeners {
        if network == Network::Tcp && !is_loopback(&address) {
            continue;
        }
        let Ok(io) = channel::dial(&network, &address).await else {
            continue;
        };
        reached = true;
        if channel::speak_http2(io, Duration::from_secs(1)).await == FirstWords::Http2 {
            findings.push(
                Finding::new("a brokered listener answers in plain text")
                    .at(Place::Call {
                        method: START_STREAM.to_owned(),
                    })
                    .expected("TLS with the announced certificate")
                    .actual(format!("HTTP/2 at {address}")),
            );
        }
    }
    Ok(if reached {
        Verdict::of(findings)
    } else {
        Verdict::vacuous("no announced listener on this machine accepts")
    })
}

/// Nothing is sent to other machines, whatever a plugin announces.
fn is_loopback(address: &str) -> bool {
    address
        .parse::<std::net::SocketAddr>()
        .is_ok_and(|address| address.ip().is_loopback())
}
