//! One live, handshaken plugin process.

use crate::broker::Broker;
use crate::call::{CallEnd, Caller};
use crate::capture::Capture;
use crate::certificate;
use crate::channel::{self, ChannelFacts, ChannelFailure, FirstWords, Step, Target, Watched};
use crate::handshake::Line;
use crate::identity::HostIdentity;
use crate::launch::{Mode, Streams};
use crate::limits::Limits;
use crate::multiplex::{self, Multiplex};
use crate::plugin::Plugin;
use crate::process::{Exit, Process};
use crate::start::{LaunchRecord, Start};
use crate::stdio::Stdio;
use crate::transcript::Transcript;
use proto::aperio::plugin::v1 as api;
use std::sync::Arc;
use std::time::Duration;
use terms::{Evidence, Finding, Lost, Manner};

mod attach;
mod knock;
mod stop;

pub use attach::ATTACH;
pub use knock::KnockEnd;
pub use stop::{Aftermath, SHUTDOWN, StopRecord, shutdown_call};

/// Full name of the method by which a plugin tells what it is.
pub const DESCRIBE: &str = "aperio.plugin.v1.PluginService/Describe";

/// Full name of the method by which a plugin tells whether it is ready.
pub const CHECK_HEALTH: &str = "aperio.plugin.v1.PluginService/CheckHealth";

/// What a host of this interface asks with.
pub fn describe_request() -> api::DescribeRequest {
    let (major, minor) = proto::INTERFACE_VERSION;
    api::DescribeRequest {
        host_interface_version: Some(api::InterfaceVersion { major, minor }),
        host_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// How long a refused address is tried again, to tell why it was refused.
const LATE_LISTENER: Duration = Duration::from_secs(1);
/// How long an exit may trail the call that it broke.
const EXIT_AFTER_BREAK: Duration = Duration::from_millis(500);

/// A plugin process with a channel to it.
///
/// Dropping it without [`Session::stop`] kills the process group at once.
pub struct Session {
    pub(crate) start: Start,
    facts: ChannelFacts,
    line: Line,
    target: Target,
    caller: Caller,
    stdio: Option<Stdio>,
    broker: Option<Broker>,
    multiplex: Option<Multiplex>,
    described: Option<Arc<api::DescribeResponse>>,
    wanted_launch: bool,
    broker_ids: u32,
}

impl Start {
    /// Brings up the channel a usable line announces, asks for health once,
    /// and opens the once-per-process streams.
    ///
    /// # Errors
    ///
    /// The start itself, its record holding the [`ChannelFailure`]; or none
    /// where the line is not usable.
    pub async fn connect(mut self) -> Result<Session, Box<Start>> {
        let Some(line) = self.record.line.clone().filter(|_| self.record.is_usable()) else {
            return Err(Box::new(self));
        };
        match self.bring_up(&line).await {
            Ok(session) => {
                let mut session = Session::assemble(self, line, session);
                session.start.record.channel = Some(Ok(session.facts.clone()));
                Ok(session)
            }
            Err(mut failure) => {
                failure.exit = self.process.exited_within(EXIT_AFTER_BREAK).await;
                if failure.exit.is_some() {
                    // stderr holds the reason.
                    self.stderr.ended_within(self.limits.early_exit).await;
                } else if self.is_multiplexed_unasked(&line, &failure).await {
                    failure.step = Step::Multiplex;
                    "yamux is spoken, and nobody asked for multiplexing"
                        .clone_into(&mut failure.text);
                } else if matches!(failure.step, Step::Http | Step::Refused) {
                    failure = self.tell_language(&line, failure).await;
                }
                let text = format!("{}: {}", failure.step, failure.text);
                self.transcript
                    .add(terms::Direction::Process, "channel", text);
                self.record.channel = Some(Err(failure));
                Err(Box::new(self))
            }
        }
    }

    /// Refuses, before anybody dials, what go-plugin's host refuses in the
    /// handshake or could never verify.
    async fn is_trusted(&self, line: &Line) -> Result<(), ChannelFailure> {
        let Some(der) = &line.certificate else {
            let target = Target::of(line, None);
            let reached =
                tokio::time::timeout(self.limits.rpc, target.reach_own(&self.record.temp));
            let plain = match reached.await {
                Ok(Ok(io)) => channel::speak_http2(io, self.limits.early_exit).await,
                _ => FirstWords::Silent,
            };
            return Err(if plain == FirstWords::Tls {
                ChannelFailure::new(
                    Step::Unannounced,
                    &"TLS is spoken at the address, and the line carries no certificate",
                )
            } else {
                ChannelFailure::new(
                    Step::Downgrade,
                    &"AutoMTLS was asked for and the line carries no certificate",
                )
            });
        };
        match certificate::refused_by_go(der, std::time::SystemTime::now()) {
            None => Ok(()),
            Some(spotted) => Err(ChannelFailure::new(
                Step::Certificate,
                &format!("{}: {}", spotted.text, spotted.seen),
            )),
        }
    }

    /// Where further connections go, once a usable line has come.
    pub fn target(&self) -> Option<Target> {
        let line = self.record.line.as_ref()?;
        self.record
            .is_usable()
            .then(|| Target::of(line, self.identity.as_deref()))
    }

    /// Tells a server that speaks something else than HTTP/2 from one whose
    /// first call fails.
    async fn tell_language(&self, line: &Line, failure: ChannelFailure) -> ChannelFailure {
        let limit = self.limits.rpc;
        let target = Target::of(line, self.identity.as_deref());
        let opened = tokio::time::timeout(limit, target.open(&mut ChannelFacts::default())).await;
        let Ok(Ok(io)) = opened else {
            return failure;
        };
        match channel::speak_http2(io, limit).await {
            FirstWords::Other(bytes) => ChannelFailure::new(
                Step::Preface,
                &format!("the first bytes are {:?}", bytes.escape_ascii().to_string()),
            ),
            // A refused client of TLS 1.3 sees the same, and a client without
            // TLS of a server that was not asked for it.
            FirstWords::Closed if target.tls.is_none() && line.certificate.is_none() => {
                ChannelFailure::new(
                    Step::Preface,
                    &"the connection ends before a SETTINGS frame",
                )
            }
            FirstWords::Http2 | FirstWords::Tls | FirstWords::Closed | FirstWords::Silent => {
                failure
            }
        }
    }

    async fn bring_up(&mut self, line: &Line) -> Result<Raised, ChannelFailure> {
        if self.record.mode == Mode::AutoMtls {
            self.is_trusted(line).await?;
        }
        let limit = self.limits.rpc;
        let mut facts = ChannelFacts::default();
        let target = Target::of(line, self.identity.as_deref());
        let mut multiplex = None;
        let opened = if self.launch.multiplex {
            self.open_multiplexed(line, &target, &mut facts, &mut multiplex)
                .await
        } else {
            let opening = async {
                // A plugin that runs already is a stranger to any launch.
                if self.plugin.running.is_some() {
                    target.open(&mut facts).await
                } else {
                    target.open_own(&self.record.temp, &mut facts).await
                }
            };
            tokio::time::timeout(limit, opening)
                .await
                .map_err(|_| ChannelFailure::timed_out(Step::Tls, limit))?
        };
        let io = match opened {
            Ok(io) => io,
            Err(failure) if failure.step == Step::Connect => {
                return Err(later(line, failure).await);
            }
            Err(failure) => return Err(failure),
        };
        let (io, heard) = Watched::over(io);
        match self.first_call(io, multiplex.as_ref()).await {
            Ok((caller, health)) => {
                facts.first_health = Some(health);
                Ok(Raised {
                    facts,
                    target,
                    caller,
                    multiplex,
                })
            }
            Err(mut failure) => {
                failure.came = heard.so_far();
                let was_refused = target.tls.is_some() && !failure.came.anything();
                if failure.step == Step::Http && was_refused {
                    failure.step = Step::Refused;
                }
                Err(failure)
            }
        }
    }

    /// Asks for health over a fresh stream.
    async fn first_call(
        &self,
        io: channel::BoxIo,
        multiplex: Option<&Multiplex>,
    ) -> Result<(Caller, Result<i32, (i32, String)>), ChannelFailure> {
        let limit = self.limits.rpc;
        let channel = channel::over(io, limit).await?;
        if let Some(multiplex) = multiplex {
            let spoken = multiplex.is_spoken(self.limits.multiplex).await;
            spoken.map_err(|text| ChannelFailure::new(Step::Multiplex, &text))?;
        }
        let caller = Caller::new(channel, self.transcript.clone(), limit);
        let health = match caller.health("plugin").await {
            CallEnd::Answer(status) => Ok(status),
            CallEnd::Refused(status) => Err((status.code() as i32, status.message().to_owned())),
            CallEnd::Broken(text) => return Err(ChannelFailure::new(Step::Http, &text)),
            CallEnd::TooLarge(text) => {
                let text = format!("the answer is too large: {text}");
                return Err(ChannelFailure::new(Step::Http, &text));
            }
            CallEnd::Silent(limit) => return Err(ChannelFailure::timed_out(Step::Silent, limit)),
            CallEnd::Died(exit) => return Err(ChannelFailure::new(Step::Http, &exit)),
        };
        Ok((caller, health))
    }

    /// Whether the first call, or TLS, failed because the plugin waits for a
    /// yamux client that it was not promised.
    async fn is_multiplexed_unasked(&self, line: &Line, failure: &ChannelFailure) -> bool {
        let may_be = matches!(failure.step, Step::Tls | Step::Http | Step::Refused);
        if self.launch.multiplex || !may_be {
            return false;
        }
        match channel::dial(&line.network, &line.address).await {
            Ok(io) => multiplex::is_spoken(io, self.limits.multiplex).await,
            Err(_) => false,
        }
    }

    /// The main stream of a multiplexed connection, through TLS where there
    /// is any; the connection is left in `kept`.
    async fn open_multiplexed(
        &self,
        line: &Line,
        target: &Target,
        facts: &mut ChannelFacts,
        kept: &mut Option<Multiplex>,
    ) -> Result<channel::BoxIo, ChannelFailure> {
        if line.multiplex != Some(true) {
            return Err(ChannelFailure::new(
                Step::Unmultiplexed,
                &"multiplexing was asked for and the line does not promise it",
            ));
        }
        let limit = self.limits.multiplex;
        let io = target.reach_own(&self.record.temp).await?;
        let multiplex = kept.insert(Multiplex::over(io, multiplex::patience(limit)));
        let opened = tokio::time::timeout(limit, async {
            let stream = multiplex.stream().await;
            let stream = stream.map_err(|error| ChannelFailure::new(Step::Multiplex, &error))?;
            target.wrap(stream, facts).await
        });
        match opened.await {
            Ok(Ok(io)) => Ok(io),
            Ok(Err(failure)) => match multiplex.is_spoken(Duration::ZERO).await {
                Ok(()) => Err(failure),
                Err(text) => Err(ChannelFailure::new(Step::Multiplex, &text)),
            },
            Err(_) => match multiplex.is_spoken(Duration::ZERO).await {
                Ok(()) => Err(ChannelFailure::timed_out(Step::Tls, limit)),
                Err(text) => Err(ChannelFailure::new(Step::Multiplex, &text)),
            },
        }
    }
}

/// Tells a listener that comes too late from one that never comes. Either is
/// a failure: a go-plugin host's first call would meet it.
async fn later(line: &Line, failure: ChannelFailure) -> ChannelFailure {
    let deadline = tokio::time::Instant::now() + LATE_LISTENER;
    while tokio::time::Instant::now() < deadline {
        tokio::time::sleep(LATE_LISTENER / 50).await;
        let dialled = channel::dial(&line.network, &line.address);
        if matches!(
            tokio::time::timeout(LATE_LISTENER, dialled).await,
            Ok(Ok(_))
        ) {
            return ChannelFailure {
                step: Step::Early,
                ..failure
            };
        }
    }
    failure
}

struct Raised {
    facts: ChannelFacts,
    target: Target,
    caller: Caller,
    multiplex: Option<Multiplex>,
}

impl Session {
    fn assemble(start: Start, line: Line, raised: Raised) -> Self {
        let channel = raised.caller.channel();
        let opens_stdio = start.launch.streams == Streams::Both;
        let stdio = opens_stdio.then(|| Stdio::open(channel.clone()));
        let porch = raised.multiplex.as_ref().map(Multiplex::porch);
        let broker = Broker::open(channel, porch.cloned());
        Session {
            start,
            facts: raised.facts,
            line,
            target: raised.target,
            caller: raised.caller,
            stdio,
            broker: Some(broker),
            multiplex: raised.multiplex,
            described: None,
            wanted_launch: false,
            broker_ids: 0,
        }
    }

    /// The plugin as the user named it.
    pub fn plugin(&self) -> &Plugin {
        &self.start.plugin
    }

    /// Which of the two modes this session runs in.
    pub fn mode(&self) -> Mode {
        self.start.record.mode
    }

    /// The bounds of this launch.
    pub fn limits(&self) -> &Limits {
        &self.start.limits
    }

    /// What was seen up to the first answer.
    pub fn record(&mut self) -> &LaunchRecord {
        self.want_launch();
        self.start.record()
    }

    /// The handshake line.
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// What is known of the channel.
    pub fn facts(&self) -> &ChannelFacts {
        &self.facts
    }

    /// The host's certificate and key, under AutoMTLS.
    fn identity(&self) -> Option<&HostIdentity> {
        self.start.identity.as_deref()
    }

    /// Where further connections go.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The process's stdout.
    pub fn stdout(&mut self) -> &mut Capture {
        self.want_launch();
        &mut self.start.stdout
    }

    /// The process's stderr.
    pub fn stderr(&mut self) -> &mut Capture {
        self.want_launch();
        &mut self.start.stderr
    }

    /// The plugin's stdio stream, where it was opened.
    pub fn stdio(&self) -> Option<&Stdio> {
        self.stdio.as_ref()
    }

    /// The plugin's broker stream, where it was opened.
    pub fn broker(&mut self) -> Option<&mut Broker> {
        self.broker.as_mut()
    }

    /// The multiplexed connection, where there is one.
    pub fn multiplex(&self) -> Option<&Multiplex> {
        self.multiplex.as_ref()
    }

    /// The started process.
    pub fn process(&mut self) -> &mut Process {
        self.want_launch();
        &mut self.start.process
    }

    fn want_launch(&mut self) {
        self.wanted_launch |= self.start.plugin.running.is_some();
    }

    /// Whether somebody asked, since the last time, for what only a launch of
    /// our own shows: the process, its output, its record.
    pub fn wanted_launch(&mut self) -> bool {
        std::mem::take(&mut self.wanted_launch)
    }

    /// Events so far.
    pub fn transcript(&self) -> &Transcript {
        &self.start.transcript
    }

    /// Makes calls that run side by side with others.
    pub fn caller(&self) -> Caller {
        self.caller.clone()
    }

    /// A caller over a further connection of its own.
    pub async fn another_connection(&self) -> Result<Caller, ChannelFailure> {
        let limit = self.start.limits.rpc;
        let channel = match &self.multiplex {
            // A stream that nobody knocked for is a connection of the main
            // server.
            Some(multiplex) => self.further_stream(multiplex, limit).await?,
            None => self.target.channel(limit).await?,
        };
        Ok(Caller::new(channel, self.start.transcript.clone(), limit))
    }

    /// Waits a moment after a broken call, so that a death is told as such.
    pub async fn settle<A>(&mut self, end: CallEnd<A>) -> CallEnd<A> {
        match end {
            CallEnd::Broken(text) => match self.start.process.exited_within(EXIT_AFTER_BREAK).await
            {
                Some(exit) => CallEnd::Died(exit),
                None => CallEnd::Broken(text),
            },
            end => end,
        }
    }

    /// One unary call with generated messages.
    ///
    /// # Panics
    ///
    /// When this project declares no such method.
    pub async fn call<Q, A>(&mut self, method: &str, request: Q) -> CallEnd<A>
    where
        Q: prost::Message,
        A: prost::Message + Default,
    {
        let end = self.caller.unary(method, request).await;
        self.settle(end).await
    }

    /// One unary call that must be replied to, with a response or a status.
    ///
    /// # Errors
    ///
    /// [`Lost`] when the plugin died, hung or dropped the connection; a judge
    /// passes it on with `?`.
    ///
    /// # Panics
    ///
    /// When this project declares no such method.
    pub async fn ask<Q, A>(
        &mut self,
        method: &str,
        request: Q,
    ) -> Result<Result<A, tonic::Status>, Lost>
    where
        Q: prost::Message,
        A: prost::Message + Default,
    {
        let end = self.call(method, request).await;
        self.replied(method, end)
    }

    /// The reply of a call, or the loss of the plugin as a value for `?`.
    pub fn replied<A>(
        &mut self,
        method: &str,
        end: CallEnd<A>,
    ) -> Result<Result<A, tonic::Status>, Lost> {
        let (manner, message) = match end {
            CallEnd::Answer(answer) => return Ok(Ok(answer)),
            CallEnd::Refused(status) => return Ok(Err(status)),
            CallEnd::Died(exit) => (
                Manner::Crash,
                format!("the process ended during {method}: {exit}"),
            ),
            CallEnd::Broken(text) => (
                Manner::Crash,
                format!("the connection broke during {method}, and the process runs on: {text}"),
            ),
            CallEnd::TooLarge(text) => (
                Manner::Crash,
                format!("the answer to {method} is too large to be read: {text}"),
            ),
            CallEnd::Silent(limit) => (
                Manner::Hang,
                format!("{method} did not end within {} s", limit.as_secs_f32()),
            ),
        };
        Err(Lost {
            manner,
            root: None,
            finding: Box::new(Finding::new(message).with(self.evidence())),
        })
    }

    /// Health of a service, by name.
    pub async fn health(&mut self, service: &str) -> CallEnd<i32> {
        let end = self.caller.health(service).await;
        self.settle(end).await
    }

    /// Whether the plugin answers its health as it did when the channel came
    /// up; what that answer is worth is told by another check.
    pub async fn is_as_healthy(&mut self) -> bool {
        match (self.health("plugin").await, &self.facts.first_health) {
            (CallEnd::Answer(now), Some(Ok(first))) => now == *first,
            (CallEnd::Refused(now), Some(Err((first, _)))) => now.code() as i32 == *first,
            _ => false,
        }
    }

    /// The plugin's description, asked for once.
    ///
    /// # Errors
    ///
    /// [`Lost`] when the plugin was lost; the inner error is its refusal.
    pub async fn describe(
        &mut self,
    ) -> Result<Result<Arc<api::DescribeResponse>, tonic::Status>, Lost> {
        if let Some(described) = &self.described {
            return Ok(Ok(Arc::clone(described)));
        }
        let reply = self.ask(DESCRIBE, describe_request()).await?.map(Arc::new);
        self.described = reply.as_ref().ok().cloned();
        Ok(reply)
    }

    /// What was seen around now: the end of the transcript and of stderr.
    pub fn evidence(&self) -> Evidence {
        Evidence {
            transcript: self.start.transcript.tail(20),
            stderr: self.start.stderr.tail(20),
            excerpt: Vec::new(),
        }
    }

    /// How the process ended, if it has.
    pub fn exited(&mut self) -> Option<Exit> {
        self.start.process.exited()
    }
}
