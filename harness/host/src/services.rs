//! The host's services behind the broker: a server a plugin dials, which
//! records what arrives and fails on request.

use crate::channel::BoxIo;
use crate::dynamic::{self, Script, Scripted};
use crate::identity::{self, HostIdentity};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost_reflect::{DynamicMessage, MethodDescriptor, Value};
use proto::aperio::plugin::v1 as api;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tonic::{Code, Status};

/// The header that says how a request is compressed.
const ENCODING: &str = "grpc-encoding";
/// Connections and callbacks kept; more are served and counted only.
const KEEP: usize = 4096;
/// How long a plugin may take over its TLS handshake.
const TLS_HANDSHAKE: Duration = Duration::from_secs(10);
/// Streams that wait to be served.
const STREAMS: usize = 64;
/// Largest request taken, in bytes: what the interface allows, and a bit.
const REQUEST_BYTES: usize = 4 << 20;
/// What a request may take in memory, in bytes: 500 log entries with all their
/// fields take half of it.
const REQUEST_ROOM: usize = 10 << 20;
/// Connections served at a time; more wait in the backlog.
const CONNECTIONS: usize = 256;
/// Requests read at a time, over all connections: bounds the memory.
const READING: usize = 2;
/// Callbacks taken at a time on one connection: as many as clients begin with
/// before they are told.
const CALLBACKS: u32 = 100;
/// Bytes of one callback that wait to be read. All callbacks of a connection
/// may wait with as many, and the one that is read still has its own.
const CALLBACK_BYTES: u32 = 4 << 10;
/// How long to wait where the machine has no descriptor left.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// TCP on 127.0.0.1, a port the system picks.
    Loopback,
    /// A unix socket at this path.
    Unix(PathBuf),
    /// Streams of a multiplexed connection, which the plugin knocks for.
    Streams,
}

/// What a callback meets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    /// An answer.
    #[default]
    None,
    /// This status.
    Refuse(Code),
    /// Nothing, for ever.
    Silence,
    /// The end of every connection of the server.
    Cut,
}

/// One connection of the plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Since the server was opened.
    pub at: Duration,
    /// The plugin's certificate, DER, where TLS stood.
    pub certificate: Option<Vec<u8>>,
    /// Why TLS did not stand.
    pub refused: Option<Refusal>,
    /// Whether it is open now.
    pub open: bool,
}

/// Why TLS did not stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The plugin broke off by an alert: the host's side did not please it.
    pub by_plugin: bool,
    /// The error in words.
    pub text: String,
}

impl Refusal {
    fn new(error: &io::Error) -> Self {
        let tls = error.get_ref().and_then(|error| error.downcast_ref());
        Refusal {
            by_plugin: matches!(tls, Some(rustls::Error::AlertReceived(_))),
            text: error.to_string(),
        }
    }
}

/// One call of the plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Since the server was opened.
    pub at: Duration,
    /// Number of its connection, from 0.
    pub connection: usize,
    /// `package.Service/Method`.
    pub method: String,
    /// What the plugin calls the host.
    pub authority: String,
    /// When it was over: answered, or given up by the plugin.
    pub over: Option<Duration>,
}

/// A server of host services, open until it is dropped.
#[derive(Debug)]
pub struct HostServer {
    network: &'static str,
    address: String,
    state: Arc<State>,
    accepting: JoinHandle<()>,
    door: Option<mpsc::Sender<BoxIo>>,
}

/// A socket that takes connections.
enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    async fn accept(&self) -> io::Result<BoxIo> {
        Ok(match self {
            Listener::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                let _ = stream.set_nodelay(true);
                Box::new(stream)
            }
            Listener::Unix(listener) => Box::new(listener.accept().await?.0),
        })
    }
}

#[derive(Debug)]
struct State {
    opened: Instant,
    seen: Mutex<Seen>,
    changed: Notify,
    cut: Notify,
    places: Arc<Semaphore>,
    reading: Semaphore,
}

#[derive(Debug, Default)]
struct Seen {
    fault: Fault,
    script: Option<Script>,
    connections: Vec<Connection>,
    callbacks: Vec<Callback>,
    callback_count: u64,
}

impl HostServer {
    /// Opens a server. With `tls` it shows that identity and takes only a
    /// client that presents the certificate beside it.
    ///
    /// # Errors
    ///
    /// When the machine gives no socket there.
    pub async fn open(
        listen: &Listen,
        tls: Option<(&HostIdentity, CertificateDer<'static>)>,
    ) -> io::Result<Self> {
        let state = Arc::new(State {
            opened: Instant::now(),
            seen: Mutex::default(),
            changed: Notify::new(),
            cut: Notify::new(),
            places: Arc::new(Semaphore::new(CONNECTIONS)),
            reading: Semaphore::new(READING),
        });
        let tls = tls.map(|(own, pin)| TlsAcceptor::from(identity::server_config(own, pin)));
        let mut door = None;
        let (network, address, accepting) = match listen {
            Listen::Loopback => {
                let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
                let address = listener.local_addr()?.to_string();
                let accepting = Arc::clone(&state).accept(Listener::Tcp(listener), tls);
                ("tcp", address, tokio::spawn(accepting))
            }
            Listen::Unix(path) => {
                let listener = UnixListener::bind(path)?;
                let accepting = Arc::clone(&state).accept(Listener::Unix(listener), tls);
                ("unix", text(path), tokio::spawn(accepting))
            }
            Listen::Streams => {
                let (sender, mut streams) = mpsc::channel(STREAMS);
                door = Some(sender);
                let state = Arc::clone(&state);
                let accepting = tokio::spawn(async move {
                    while let Some(stream) = streams.recv().await {
                        let place = state.place().await;
                        State::serve(&state, stream, tls.clone(), place);
                    }
                });
                ("", String::new(), accepting)
            }
        };
        Ok(HostServer {
            network,
            address,
            state,
            accepting,
            door,
        })
    }

    /// Where streams of a multiplexed connection are handed over.
    pub(crate) fn door(&self) -> Option<mpsc::Sender<BoxIo>> {
        self.door.clone()
    }

    /// The network as an advertisement names it.
    pub fn network(&self) -> &'static str {
        self.network
    }

    /// The address as an advertisement names it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What every callback from now on meets. [`Fault::Cut`] ends the
    /// connections that are open, too.
    pub fn fail_with(&self, fault: Fault) {
        self.state.lock().fault = fault;
        if fault == Fault::Cut {
            self.state.cut.notify_waiters();
        }
    }

    /// Every callback from now on is answered by this script, whatever the
    /// method; by the host's own services without one.
    pub fn answer_by(&self, script: Option<Script>) {
        self.state.lock().script = script;
    }

    /// Takes no further connection, as a host that is going away.
    pub fn close(&self) {
        self.accepting.abort();
        self.fail_with(Fault::Cut);
    }

    /// Connections so far, oldest first.
    pub fn connections(&self) -> Vec<Connection> {
        self.state.lock().connections.clone()
    }

    /// Callbacks so far, oldest first, as far as they were kept.
    pub fn callbacks(&self) -> Vec<Callback> {
        self.state.lock().callbacks.clone()
    }

    /// Callbacks so far, kept or not.
    pub fn callback_count(&self) -> u64 {
        self.state.lock().callback_count
    }

    /// Waits until `wanted` says yes to the server, at most `limit`.
    pub async fn wait_for(&self, limit: Duration, wanted: impl Fn(&HostServer) -> bool) -> bool {
        tokio::time::timeout(limit, async {
            loop {
                let changed = self.state.changed.notified();
                if wanted(self) {
                    return;
                }
                changed.await;
            }
        })
        .await
        .is_ok()
    }
}

impl Drop for HostServer {
    fn drop(&mut self) {
        self.close();
        if self.network == "unix" {
            let _ = std::fs::remove_file(&self.address);
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, how: impl FnOnce(&mut Seen)) {
        how(&mut self.lock());
        self.changed.notify_waiters();
    }

    /// Room for one more connection.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).acquire_owned().await.ok()
    }

    /// Serves whoever comes, for ever.
    async fn accept(self: Arc<Self>, listener: Listener, tls: Option<TlsAcceptor>) {
        loop {
            let place = self.place().await;
            match listener.accept().await {
                Ok(stream) => State::serve(&self, stream, tls.clone(), place),
                Err(_) => tokio::time::sleep(ACCEPT_AGAIN).await,
            }
        }
    }

    fn serve(
        state: &Arc<Self>,
        stream: BoxIo,
        tls: Option<TlsAcceptor>,
        place: Option<OwnedSemaphorePermit>,
    ) {
        let state = Arc::clone(state);
        tokio::spawn(async move {
            let _place = place;
            let mut number = KEEP;
            state.change(|seen| {
                number = seen.connections.len();
                if number < KEEP {
                    seen.connections.push(Connection {
                        at: state.opened.elapsed(),
                        certificate: None,
                        refused: None,
                        open: true,
                    });
                }
            });
            tokio::select! {
                () = state.connection(number, stream, tls) => {}
                () = state.cut.notified() => {}
            }
            state.change(|seen| {
                if let Some(connection) = seen.connections.get_mut(number) {
                    connection.open = false;
                }
            });
        });
    }

    async fn connection(self: &Arc<Self>, number: usize, stream: BoxIo, tls: Option<TlsAcceptor>) {
        let Some(tls) = tls else {
            return self.http2(number, stream).await;
        };
        let outcome = match tokio::time::timeout(TLS_HANDSHAKE, tls.accept(stream)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(Refusal::new(&error)),
            Err(_) => Err(Refusal::new(&io::Error::other("no TLS handshake in time"))),
        };
        let (stream, certificate, refused) = match outcome {
            Ok(stream) => {
                let chain = stream.get_ref().1.peer_certificates();
                let leaf = chain.and_then(|chain| chain.first());
                let leaf = leaf.map(|leaf| leaf.as_ref().to_vec());
                (Some(stream), leaf, None)
            }
            Err(refusal) => (None, None, Some(refusal)),
        };
        self.change(|seen| {
            if let Some(connection) = seen.connections.get_mut(number) {
                connection.certificate = certificate;
                connection.refused = refused;
            }
        });
        if let Some(stream) = stream {
            self.http2(number, Box::new(stream)).await;
        }
    }

    async fn http2(self: &Arc<Self>, number: usize, stream: BoxIo) {
        let state = Arc::clone(self);
        let service =
            hyper::service::service_fn(move |request| Arc::clone(&state).answer(number, request));
        let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .max_concurrent_streams(CALLBACKS)
            .initial_stream_window_size(CALLBACK_BYTES)
            .initial_connection_window_size(CALLBACKS * CALLBACK_BYTES)
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(
        self: Arc<Self>,
        connection: usize,
        mut request: http::Request<hyper::body::Incoming>,
    ) -> Result<http::Response<tonic::body::Body>, std::convert::Infallible> {
        let short = |text: &str| text.chars().take(200).collect::<String>();
        let method = short(request.uri().path().trim_start_matches('/'));
        let authority = short(request.uri().authority().map_or("", |name| name.as_str()));
        // Requests that wait keep nothing that nobody reads.
        let headers = std::mem::take(request.headers_mut());
        if let Some(encoding) = headers.get(ENCODING) {
            request.headers_mut().insert(ENCODING, encoding.clone());
        }
        drop(headers);
        let (mut fault, mut script) = (Fault::None, None);
        let mut number = KEEP;
        self.change(|seen| {
            fault = seen.fault;
            script.clone_from(&seen.script);
            seen.callback_count += 1;
            number = seen.callbacks.len();
            if number < KEEP {
                seen.callbacks.push(Callback {
                    at: self.opened.elapsed(),
                    connection,
                    method,
                    authority,
                    over: None,
                });
            }
        });
        let _going_on = GoingOn {
            state: &self,
            number,
        };
        match fault {
            Fault::None => {
                let _reading = self.reading.acquire().await;
                let script = script.unwrap_or_else(|| Script::new(offered));
                Ok(dynamic::answer(request, &script, REQUEST_BYTES, REQUEST_ROOM).await)
            }
            Fault::Refuse(code) => {
                Ok(Status::new(code, "the host refuses this callback").into_http())
            }
            Fault::Silence => std::future::pending().await,
            Fault::Cut => {
                self.cut.notify_waiters();
                std::future::pending().await
            }
        }
    }
}

/// A callback until its end, by whomever.
struct GoingOn<'a> {
    state: &'a State,
    number: usize,
}

impl Drop for GoingOn<'_> {
    fn drop(&mut self) {
        self.state.change(|seen| {
            if let Some(callback) = seen.callbacks.get_mut(self.number) {
                callback.over = Some(self.state.opened.elapsed());
            }
        });
    }
}

/// The capabilities that stand in Attach.
pub const OFFERED: &[api::Capability] =
    &[api::Capability::HostLogs, api::Capability::HostTelemetry];

/// What a host offers here: it takes logs and telemetry. Keys, tokens and
/// signatures are not offered, so a plugin that keeps to the capabilities of
/// Attach never asks.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the form of every answering function"
)]
fn offered(method: &MethodDescriptor, request: DynamicMessage) -> Scripted {
    let list = match method.full_name() {
        "aperio.plugin.v1.HostService.WriteLogs" => "entries",
        "aperio.plugin.v1.HostService.EmitTelemetry" => "events",
        _ => {
            return Err(Status::unimplemented(
                "this host does not offer the service",
            ));
        }
    };
    let list = request.get_field_by_name(list);
    let accepted = list
        .as_deref()
        .and_then(Value::as_list)
        .map_or(0, <[Value]>::len);
    let mut answer = DynamicMessage::new(method.output());
    let accepted = u32::try_from(accepted).unwrap_or(u32::MAX);
    answer.set_field_by_name("accepted", Value::U32(accepted));
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::{CallEnd, Caller};
    use crate::channel::{self, ChannelFacts, Target};
    use crate::handshake::Network;
    use crate::identity::{Curve, Kind};
    use crate::transcript::Transcript;
    use tokio::io::AsyncWriteExt;

    fn identity() -> HostIdentity {
        HostIdentity::issue(Curve::P256, Kind::default()).unwrap()
    }

    /// What the server says of a client that trusts another than it, else of
    /// one that is another than it expects; over TLS or with mere words.
    async fn refusal(trusts_another: bool, speaks_tls: bool) -> Refusal {
        let (host, plugin, stranger) = (identity(), identity(), identity());
        let (pin, trusted) = if trusts_another {
            (&plugin, &stranger)
        } else {
            (&stranger, &host)
        };
        let tls = Some((&host, pin.der.clone()));
        let server = HostServer::open(&Listen::Loopback, tls).await.unwrap();
        let target = Target {
            network: Network::Tcp,
            address: server.address().to_owned(),
            tls: speaks_tls.then(|| identity::client_config(Some(&plugin), trusted.der.clone())),
        };
        if let Ok(mut io) = target.open(&mut ChannelFacts::default()).await {
            // Who was refused may hear of it here.
            let _ = io.write_all(b"GET / HTTP/1.1\r\n\r\n").await;
        }
        let limit = Duration::from_secs(10);
        let is_settled = |server: &HostServer| {
            let connections = server.connections();
            connections.iter().any(|one| one.refused.is_some())
        };
        assert!(server.wait_for(limit, is_settled).await);
        server.connections().remove(0).refused.unwrap()
    }

    #[tokio::test]
    async fn large_callbacks_side_by_side_all_end() {
        let server = HostServer::open(&Listen::Loopback, None).await.unwrap();
        let io = channel::dial(&Network::Tcp, server.address())
            .await
            .unwrap();
        let limit = Duration::from_mins(1);
        let channel = channel::over(io, limit).await.unwrap();
        let caller = Caller::new(channel, Transcript::new(Instant::now()), limit);
        let entry = api::LogEntry {
            message: "x".repeat(3 << 20),
            ..api::LogEntry::default()
        };
        let request = api::WriteLogsRequest {
            entries: vec![entry],
        };
        let name = "aperio.plugin.v1.HostService/WriteLogs";
        let ends = (0..80).map(|_| caller.unary(name, request.clone()));
        for end in futures::future::join_all(ends).await {
            let end: CallEnd<api::WriteLogsResponse> = end;
            assert!(
                matches!(&end, CallEnd::Answer(answer) if answer.accepted == 1),
                "{end}"
            );
        }
    }

    #[tokio::test]
    async fn a_plugin_that_refuses_its_host_is_told_from_one_that_is_refused() {
        assert!(refusal(true, true).await.by_plugin, "it trusts another");
        assert!(!refusal(false, true).await.by_plugin, "it is another");
        assert!(!refusal(true, false).await.by_plugin, "it speaks no TLS");
    }
}
