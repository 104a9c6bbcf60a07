//! From an announced address to a gRPC channel, one step at a time, so that a
//! failure says which step broke.

use crate::handshake::{Line, Network};
use crate::identity;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr as UnixAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tonic::transport::{Channel, Endpoint};

/// A byte stream to the plugin, whatever carries it.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A boxed byte stream.
pub type BoxIo = Box<dyn Io>;

/// Longest path `sun_path` holds without its terminator.
pub const SOCKET_PATH_BYTES: usize = 107;

/// What is known of a channel that came up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelFacts {
    /// The protocol ALPN settled on.
    pub alpn: Option<String>,
    /// The TLS version in use, as rustls names it.
    pub tls_version: Option<String>,
    /// The certificate the plugin presented, DER.
    pub presented: Option<Vec<u8>>,
    /// Time from spawn to the first health answer.
    pub ready_after: Duration,
    /// The first health answer: the serving status, or the gRPC code and
    /// message of a refusal.
    pub first_health: Option<Result<i32, (i32, String)>>,
}

/// A channel that did not come up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelFailure {
    /// The step that broke.
    pub step: Step,
    /// The error in words.
    pub text: String,
    /// How the process had ended by then, if it had.
    pub exit: Option<crate::process::Exit>,
}

/// The steps of bringing up a channel, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// AutoMTLS was asked for and no certificate came; nobody dials then.
    Downgrade,
    /// The same, and yet TLS is spoken at the address.
    Unannounced,
    /// go-plugin's host refuses the announced certificate by its content.
    Certificate,
    /// The announced address cannot be dialled at all.
    Address,
    /// Nobody accepts at the announced address.
    Connect,
    /// The first connection was refused, a later one was not: the line came
    /// before the listener.
    Early,
    /// Multiplexing was asked for and is not promised; nobody dials then.
    Unmultiplexed,
    /// Multiplexing is promised and not spoken, or spoken and not asked for.
    Multiplex,
    /// The TLS handshake failed.
    Tls,
    /// HTTP/2 or the first call failed although the connection stood.
    Http,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Step::Downgrade | Step::Unannounced => "reading the certificate",
            Step::Certificate => "trusting the certificate",
            Step::Address => "reading the address",
            Step::Connect => "connecting",
            Step::Early => "connecting at once",
            Step::Unmultiplexed => "reading the seventh field",
            Step::Multiplex => "multiplexing",
            Step::Tls => "the TLS handshake",
            Step::Http => "the first call",
        })
    }
}

/// Connects to the announced address, without TLS.
pub async fn dial(network: &Network, address: &str) -> io::Result<BoxIo> {
    match network {
        Network::Unix => {
            if let Some(name) = address.strip_prefix('@') {
                let address = UnixAddr::from_abstract_name(name)?;
                let stream = std::os::unix::net::UnixStream::connect_addr(&address)?;
                stream.set_nonblocking(true)?;
                return Ok(Box::new(UnixStream::from_std(stream)?));
            }
            if !address.starts_with('/') {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "the socket path is relative, so it names another place to the host",
                ));
            }
            if address.len() > SOCKET_PATH_BYTES {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    format!(
                        "the socket path has {} bytes, at most {SOCKET_PATH_BYTES} fit",
                        address.len()
                    ),
                ));
            }
            Ok(Box::new(UnixStream::connect(address).await?))
        }
        Network::Tcp => {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(Box::new(stream))
        }
    }
}

/// Wraps a stream in TLS as the host side, noting what was negotiated.
pub async fn secure(
    io: BoxIo,
    config: Arc<ClientConfig>,
    facts: &mut ChannelFacts,
) -> io::Result<BoxIo> {
    let name = ServerName::try_from("localhost").expect("localhost is a name");
    let stream = TlsConnector::from(config).connect(name, io).await?;
    let connection = stream.get_ref().1;
    facts.alpn = connection
        .alpn_protocol()
        .map(|name| String::from_utf8_lossy(name).into_owned());
    facts.tls_version = connection
        .protocol_version()
        .map(|version| format!("{version:?}"));
    facts.presented = connection
        .peer_certificates()
        .and_then(|chain| chain.first())
        .map(|leaf| leaf.as_ref().to_vec());
    Ok(Box::new(stream))
}

/// What a server says to a client that speaks HTTP/2 in plain text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlainAnswer {
    /// HTTP/2.
    Http2,
    /// A TLS alert.
    Tls,
    /// Something else, or nothing.
    Other,
}

/// Speaks HTTP/2 in plain text and looks at the first bytes of the answer.
pub async fn speak_plain(mut io: BoxIo, limit: Duration) -> PlainAnswer {
    // The preface and an empty SETTINGS frame.
    let opening = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let mut answer = [0; 4];
    let exchange = async {
        io.write_all(opening).await?;
        io.read_exact(&mut answer).await
    };
    match tokio::time::timeout(limit, exchange).await {
        // A frame header: the length, then type 4, SETTINGS.
        Ok(Ok(_)) if answer[3] == 4 => PlainAnswer::Http2,
        // A record header: alert or handshake, then version 3.
        Ok(Ok(_)) if matches!(answer[0], 21 | 22) && answer[1] == 3 => PlainAnswer::Tls,
        _ => PlainAnswer::Other,
    }
}

/// How streams to one plugin are made: the address, and TLS if there is any.
#[derive(Clone)]
pub struct Target {
    /// The network of the announced address.
    pub network: Network,
    /// The announced address.
    pub address: String,
    /// The host's side of TLS; none in the plain mode.
    pub tls: Option<Arc<ClientConfig>>,
}

impl Target {
    /// The target a line announces, spoken to with this identity.
    pub fn of(line: &Line, identity: Option<&identity::HostIdentity>) -> Self {
        let tls = identity.and_then(|identity| {
            let pin = CertificateDer::from(line.certificate.clone()?);
            Some(identity::client_config(Some(identity), pin))
        });
        Target {
            network: line.network,
            address: line.address.clone(),
            tls,
        }
    }

    /// The same address, spoken to with another identity or none.
    #[must_use]
    pub fn spoken_to_as(&self, line: &Line, identity: Option<&identity::HostIdentity>) -> Self {
        let tls = line.certificate.clone().map(|certificate| {
            identity::client_config(identity, CertificateDer::from(certificate))
        });
        Target {
            tls,
            ..self.clone()
        }
    }

    /// One connection, through TLS where there is any.
    pub async fn open(&self, facts: &mut ChannelFacts) -> Result<BoxIo, ChannelFailure> {
        let io = self.connect().await?;
        self.wrap(io, facts).await
    }

    /// One connection without TLS.
    pub(crate) async fn connect(&self) -> Result<BoxIo, ChannelFailure> {
        dial(&self.network, &self.address).await.map_err(|error| {
            let step = match error.kind() {
                io::ErrorKind::InvalidInput => Step::Address,
                _ => Step::Connect,
            };
            ChannelFailure::new(step, &error)
        })
    }

    /// TLS over a stream that is already there.
    pub async fn wrap(&self, io: BoxIo, facts: &mut ChannelFacts) -> Result<BoxIo, ChannelFailure> {
        match &self.tls {
            None => Ok(io),
            Some(config) => secure(io, Arc::clone(config), facts)
                .await
                .map_err(|error| ChannelFailure::new(Step::Tls, &error)),
        }
    }

    /// A gRPC channel over one more connection.
    pub async fn channel(&self, limit: Duration) -> Result<Channel, ChannelFailure> {
        let mut facts = ChannelFacts::default();
        let io = tokio::time::timeout(limit, self.open(&mut facts))
            .await
            .map_err(|_| ChannelFailure::timed_out(Step::Connect, limit))??;
        over(io, None, limit).await
    }
}

impl ChannelFailure {
    pub(crate) fn new(step: Step, error: &dyn std::fmt::Display) -> Self {
        ChannelFailure {
            step,
            text: error.to_string(),
            exit: None,
        }
    }

    pub(crate) fn timed_out(step: Step, limit: Duration) -> Self {
        ChannelFailure {
            step,
            text: format!("no answer within {} s", limit.as_secs_f32()),
            exit: None,
        }
    }
}

/// A gRPC channel over this stream. A lost connection stays lost unless
/// `again` names where to dial, and counts dials.
pub async fn over(
    io: BoxIo,
    again: Option<(Target, Arc<AtomicU32>)>,
    limit: Duration,
) -> Result<Channel, ChannelFailure> {
    let first = Arc::new(Mutex::new(Some(io)));
    let connector = tower::service_fn(move |_: http::Uri| {
        let taken = first
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        let again = again.clone();
        async move {
            let io = match (taken, again) {
                (Some(io), _) => io,
                (None, Some((target, dials))) => {
                    dials.fetch_add(1, Ordering::Relaxed);
                    target
                        .open(&mut ChannelFacts::default())
                        .await
                        .map_err(|failure| io::Error::other(failure.text))?
                }
                (None, None) => {
                    return Err(io::Error::other("the connection to the plugin is lost"));
                }
            };
            Ok::<_, io::Error>(hyper_util::rt::TokioIo::new(io))
        }
    });
    let endpoint = Endpoint::from_static("http://localhost")
        .http2_max_header_list_size(256 << 10)
        .user_agent(concat!("aperio-plugin/", env!("CARGO_PKG_VERSION")))
        .expect("the user agent is plain ASCII");
    tokio::time::timeout(limit, endpoint.connect_with_connector(connector))
        .await
        .map_err(|_| ChannelFailure::timed_out(Step::Http, limit))?
        .map_err(|error| ChannelFailure::new(Step::Http, &crate::call::chain(&error)))
}
