//! From an announced address to a gRPC channel, one step at a time, so that a
//! failure says which step broke.

use crate::handshake::{Line, Network};
use crate::identity;
use crate::tree;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tonic::transport::{Channel, Endpoint};

mod watched;

pub use watched::Came;
pub(crate) use watched::Watched;

/// A byte stream to the plugin, whatever carries it.
pub trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A boxed byte stream.
pub type BoxIo = Box<dyn Io>;

/// Longest path `sun_path` holds without its terminator.
pub const SOCKET_PATH_BYTES: usize = 107;

/// Bytes of headers, or of trailers, a plugin may send with one answer.
const HEADER_BYTES: u32 = 128 << 10;
/// Bytes a plugin may send on one stream before they are read. A plugin that
/// floods fills this for every launch that runs beside it.
const STREAM_BYTES: u32 = 64 << 10;
/// The same on one connection. Half of it bounds what the HTTP/2 library takes
/// in frames of a few bytes that wait, 256 of it each: a stream full of the
/// shortest messages stays below that.
const CONNECTION_BYTES: u32 = 4 << 20;

/// What is known of a channel that came up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChannelFacts {
    /// The protocol ALPN settled on.
    pub alpn: Option<String>,
    /// The TLS version in use, as rustls names it.
    pub tls_version: Option<String>,
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
    /// What had come by then, where the first call is what failed.
    pub came: Came,
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
    /// A process that is none of the launch accepts there; nothing is sent.
    Stranger,
    /// The first connection was refused, a later one was not: the line came
    /// before the listener.
    Early,
    /// Multiplexing was asked for and is not promised; nobody dials then.
    Unmultiplexed,
    /// Multiplexing is promised and not spoken, or spoken and not asked for.
    Multiplex,
    /// The TLS handshake failed.
    Tls,
    /// Something else than HTTP/2 is spoken over the connection.
    Preface,
    /// HTTP/2 or the first call failed although the connection stood.
    Http,
    /// The same, and over TLS not a byte had come back: a client that TLS 1.3
    /// refuses learns of it no sooner.
    Refused,
    /// The connection stood and the first call was never answered.
    Silent,
}

impl Step {
    /// Every step.
    pub const ALL: [Step; 14] = [
        Step::Downgrade,
        Step::Unannounced,
        Step::Certificate,
        Step::Address,
        Step::Connect,
        Step::Early,
        Step::Stranger,
        Step::Unmultiplexed,
        Step::Multiplex,
        Step::Tls,
        Step::Preface,
        Step::Http,
        Step::Refused,
        Step::Silent,
    ];
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Step::Downgrade | Step::Unannounced => "reading the certificate",
            Step::Certificate => "trusting the certificate",
            Step::Address => "reading the address",
            Step::Connect => "connecting",
            Step::Stranger => "looking who listens",
            Step::Early => "connecting at once",
            Step::Unmultiplexed => "reading the seventh field",
            Step::Multiplex => "multiplexing",
            Step::Tls => "the TLS handshake",
            Step::Preface => "HTTP/2",
            Step::Http | Step::Refused | Step::Silent => "the first call",
        })
    }
}

/// Connects to the announced address, without TLS.
pub async fn dial(network: &Network, address: &str) -> io::Result<BoxIo> {
    Ok(reach(network, address).await?.0)
}

/// The same, with the pid of the process that listens there where the kernel
/// tells it.
async fn reach(network: &Network, address: &str) -> io::Result<(BoxIo, Option<i32>)> {
    match network {
        Network::Unix => {
            let path = match address.strip_prefix('@') {
                Some(name) => PathBuf::from(format!("\0{name}")),
                None => socket_path(address)?,
            };
            let stream = UnixStream::connect(path).await?;
            let listener = stream.peer_cred().ok().and_then(|peer| peer.pid());
            Ok((Box::new(stream), listener.filter(|&pid| pid > 0)))
        }
        Network::Tcp => {
            let stream = TcpStream::connect(local(address)?.as_slice()).await?;
            stream.set_nodelay(true)?;
            Ok((Box::new(stream), None))
        }
    }
}

fn socket_path(address: &str) -> io::Result<PathBuf> {
    let invalid = |text: String| io::Error::new(io::ErrorKind::InvalidInput, text);
    if !address.starts_with('/') {
        return Err(invalid(
            "the socket path is relative, so it names another place to the host".to_owned(),
        ));
    }
    if address.len() > SOCKET_PATH_BYTES {
        return Err(invalid(format!(
            "the socket path has {} bytes, at most {SOCKET_PATH_BYTES} fit",
            address.len()
        )));
    }
    Ok(PathBuf::from(address))
}

/// Where a TCP address leads on this machine. Names are not looked up and
/// other machines are not called: a plugin chose the text.
fn local(address: &str) -> io::Result<Vec<SocketAddr>> {
    let refused = |text| io::Error::new(io::ErrorKind::AddrNotAvailable, text);
    if let Some(port) = address.strip_prefix("localhost:") {
        let port = port.parse().map_err(|_| refused("the port is no number"))?;
        let v4 = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let v6 = IpAddr::V6(Ipv6Addr::LOCALHOST);
        return Ok(vec![SocketAddr::new(v4, port), SocketAddr::new(v6, port)]);
    }
    let parsed: SocketAddr = address.parse().map_err(|_| {
        refused("the address is no IP address with a port, and names are not looked up")
    })?;
    // Only an address of this machine can be bound.
    match std::net::UdpSocket::bind((parsed.ip(), 0)) {
        Ok(_) => Ok(vec![parsed]),
        Err(_) => Err(refused(
            "the address is none of this machine, so nobody dials it",
        )),
    }
}

/// Wraps a stream in TLS as the host side, noting what was negotiated.
async fn secure(
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
    Ok(Box::new(stream))
}

/// What a server says first to a client that speaks HTTP/2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstWords {
    /// HTTP/2.
    Http2,
    /// A TLS alert, or a handshake.
    Tls,
    /// These bytes.
    Other(Vec<u8>),
    /// Nothing, and the end of the connection.
    Closed,
    /// Nothing in time.
    Silent,
}

/// Speaks HTTP/2 and looks at the first bytes of the answer.
pub async fn speak_http2(mut io: BoxIo, limit: Duration) -> FirstWords {
    let mut answer = Vec::new();
    let exchange = async {
        // A server that hangs up has perhaps said why.
        let _ = io.write_all(&crate::wire::preface(&[])).await;
        while answer.len() < 4 {
            if io.read_buf(&mut answer).await? == 0 {
                break;
            }
        }
        io::Result::Ok(())
    };
    let came = tokio::time::timeout(limit, exchange).await;
    match answer[..] {
        // A frame header: the length, then type 4, SETTINGS.
        [_, _, _, 4, ..] => FirstWords::Http2,
        // A record header: alert or handshake, then version 3.
        [21 | 22, 3, ..] => FirstWords::Tls,
        [] if came.is_err() => FirstWords::Silent,
        [] => FirstWords::Closed,
        _ => {
            answer.truncate(64);
            FirstWords::Other(answer)
        }
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
        let (io, _) = self.reach().await?;
        self.wrap(io, facts).await
    }

    /// The first connection of the launch whose `TMPDIR` is `temp`: nothing is
    /// sent to a process that is none of it.
    pub(crate) async fn open_own(
        &self,
        temp: &Path,
        facts: &mut ChannelFacts,
    ) -> Result<BoxIo, ChannelFailure> {
        let io = self.reach_own(temp).await?;
        self.wrap(io, facts).await
    }

    /// The same without TLS.
    pub(crate) async fn reach_own(&self, temp: &Path) -> Result<BoxIo, ChannelFailure> {
        let (io, listener) = self.reach().await?;
        let stranger = if let Some(pid) = listener {
            tree::is_stranger(pid, temp).then(|| tree::name(pid))
        } else {
            let held = tree::is_held_by_others(&self.address, &tree::members(temp));
            (held == Some(true)).then(|| "another process".to_owned())
        };
        match stranger {
            None => Ok(io),
            Some(name) => Err(ChannelFailure::new(
                Step::Stranger,
                &format!("{name} listens there, which this launch did not start"),
            )),
        }
    }

    async fn reach(&self) -> Result<(BoxIo, Option<i32>), ChannelFailure> {
        reach(&self.network, &self.address).await.map_err(|error| {
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
        let (io, _) = Watched::over(io);
        over(io, limit).await
    }
}

impl std::fmt::Display for ChannelFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} failed: {}", self.step, self.text)?;
        match self.exit {
            Some(exit) => write!(f, "; the process had ended: {exit}"),
            None => Ok(()),
        }
    }
}

impl ChannelFailure {
    pub(crate) fn new(step: Step, error: &dyn std::fmt::Display) -> Self {
        ChannelFailure {
            step,
            text: error.to_string(),
            exit: None,
            came: Came::default(),
        }
    }

    pub(crate) fn timed_out(step: Step, limit: Duration) -> Self {
        ChannelFailure {
            step,
            text: format!("no answer within {} s", limit.as_secs_f32()),
            exit: None,
            came: Came::default(),
        }
    }
}

/// A gRPC channel over this stream. A lost connection stays lost: whether a
/// plugin takes another is asked on purpose.
pub async fn over(io: BoxIo, limit: Duration) -> Result<Channel, ChannelFailure> {
    let first = Arc::new(Mutex::new(Some(io)));
    let connector = tower::service_fn(move |_: http::Uri| {
        let taken = first
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        async move {
            taken
                .map(hyper_util::rt::TokioIo::new)
                .ok_or_else(|| io::Error::other("the connection to the plugin is lost"))
        }
    });
    let endpoint = Endpoint::from_static("http://localhost")
        .http2_max_header_list_size(HEADER_BYTES)
        .initial_connection_window_size(CONNECTION_BYTES)
        .initial_stream_window_size(STREAM_BYTES)
        .user_agent(concat!("aperio-plugin/", env!("CARGO_PKG_VERSION")))
        .expect("the user agent is plain ASCII");
    tokio::time::timeout(limit, endpoint.connect_with_connector(connector))
        .await
        .map_err(|_| ChannelFailure::timed_out(Step::Silent, limit))?
        .map_err(|error| ChannelFailure::new(Step::Http, &crate::call::chain(&error)))
}
