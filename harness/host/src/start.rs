//! From a command to the first line, or to the reason there is none.

use crate::capture::{Capture, OutputLine};
use crate::env::{self, Places};
use crate::handshake::{self, Asked, Line, LineError, Lint, Protocol};
use crate::identity::{HostIdentity, Kind};
use crate::launch::{Directories, Launch, Mode, Tls};
use crate::limits::Limits;
use crate::plugin::Plugin;
use crate::private_dir::{self, PrivateDir};
use crate::process::{ExecFailure, Exit, Process, Spawn};
use crate::transcript::Transcript;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use terms::Direction;

/// A started process, up to its first line of output.
#[derive(Debug)]
pub struct Start {
    pub(crate) process: Process,
    pub(crate) stdout: Capture,
    pub(crate) stderr: Capture,
    pub(crate) identity: Option<Arc<HostIdentity>>,
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) launch: Launch,
    pub(crate) limits: Limits,
    pub(crate) transcript: Transcript,
    pub(crate) record: LaunchRecord,
    /// Whether what the process started has been looked for and killed.
    pub(crate) swept: bool,
    // Last, so that it is removed after the process is gone.
    pub(crate) dir: PrivateDir,
}

/// What was seen of one launch, as a plain value: judges of the handshake read
/// it, and a pool of launches is a list of these.
#[derive(Debug, Clone)]
pub struct LaunchRecord {
    /// Which of the two modes was asked for.
    pub mode: Mode,
    /// The environment of the process.
    pub env: BTreeMap<String, String>,
    /// `TMPDIR` of the process; its descendants are known by it, or by the
    /// mark that is made of it.
    pub temp: PathBuf,
    /// `PLUGIN_UNIX_SOCKET_DIR` of the process.
    pub sockets: PathBuf,
    /// How far the launch came.
    pub arrival: Arrival,
    /// The time of day when it had come so far.
    pub arrived: SystemTime,
    /// The first line as go-plugin's host reads it.
    pub line: Option<Line>,
    /// Why go-plugin's host refuses it.
    pub refused: Option<LineError>,
    /// Every departure from the contract in the first line.
    pub lints: Vec<Lint>,
    /// The process's last stderr lines.
    pub stderr: Vec<String>,
    /// Lines of stdout behind the first, as far as they have arrived.
    pub stdout_after: Vec<String>,
    /// How the channel came up, or why not; absent where nobody dialled.
    pub channel: Option<Result<ChannelFacts, ChannelFailure>>,
}

/// How far a launch came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrival {
    /// The file could not be started.
    NotStarted(ExecFailure),
    /// A first line arrived, or so many bytes that no line can follow.
    Line {
        /// The line.
        line: OutputLine,
        /// Time from spawn to the line.
        after: Duration,
    },
    /// The process ended first.
    Exited {
        /// How.
        exit: Exit,
        /// What it wrote of a line.
        wrote: Option<OutputLine>,
    },
    /// It closed stdout without a line and lives.
    ClosedStdout,
    /// Nothing that could be a line came in time.
    TimedOut {
        /// The limit.
        limit: Duration,
        /// What it wrote of a line.
        wrote: Option<OutputLine>,
        /// Whether a socket of the process was listening by then.
        listening: bool,
    },
}

pub use crate::channel::{ChannelFacts, ChannelFailure};

impl LaunchRecord {
    /// The bytes of the first line, whole or not.
    pub fn first_line(&self) -> Option<&OutputLine> {
        match &self.arrival {
            Arrival::Line { line, .. } => Some(line),
            Arrival::Exited { wrote, .. } | Arrival::TimedOut { wrote, .. } => wrote.as_ref(),
            Arrival::NotStarted(_) | Arrival::ClosedStdout => None,
        }
    }

    /// Whether a line arrived that a host can use.
    pub fn is_usable(&self) -> bool {
        self.line
            .as_ref()
            .is_some_and(|line| line.protocol == Protocol::Grpc)
    }
}

/// How long a handshake line may trail a first line that is none.
const BEHIND_A_BANNER: Duration = Duration::from_secs(2);

impl Start {
    /// Starts the plugin and waits for its first line.
    ///
    /// Returns the record alone when nothing was started. A process that
    /// prints no usable line is still returned: its judge may want to look.
    ///
    /// # Errors
    ///
    /// When the machine refuses a directory, a certificate or a process.
    pub async fn new(
        plugin: &Arc<Plugin>,
        launch: &Launch,
        limits: &Limits,
    ) -> Result<Result<Start, LaunchRecord>, std::io::Error> {
        let limits = launch.limits.clone().unwrap_or_else(|| limits.clone());
        let dir = PrivateDir::new()?;
        let (temp, sockets) = lay_out(&launch.directories, dir.path())?;
        let (identity, announced) = host_identity(&launch.tls)?;
        let places = Places {
            temp: &temp,
            sockets: &sockets,
        };
        let env = env::variables(plugin, launch, &places, announced.as_deref());
        let mut record = LaunchRecord {
            mode: launch.mode(),
            env,
            temp,
            sockets,
            arrival: Arrival::ClosedStdout,
            arrived: SystemTime::now(),
            line: None,
            refused: None,
            lints: Vec::new(),
            stderr: Vec::new(),
            stdout_after: Vec::new(),
            channel: None,
        };
        let spawned = Process::spawn(&Spawn {
            program: &plugin.program,
            args: &plugin.args,
            env: &record.env,
            working_dir: &plugin.working_dir,
            umask: launch.umask,
            stdin: launch.stdin,
            open_files: launch.open_files,
            file_bytes: limits.file_bytes,
            data_bytes: limits.data_bytes,
            through_shell: launch.through_shell,
            mark: crate::tree::mark(&record.temp),
        });
        let (process, pipes) = match spawned {
            Ok(started) => started,
            Err(failure) if failure.trouble == crate::process::ExecTrouble::Machine => {
                return Err(std::io::Error::other(failure.to_string()));
            }
            Err(failure) => {
                record.arrival = Arrival::NotStarted(failure);
                return Ok(Err(record));
            }
        };
        let transcript = Transcript::new(process.started());
        transcript.add(
            Direction::Process,
            "start",
            format!("{} launch", record.mode),
        );
        let capture = |pipe, echo| {
            Capture::start(
                pipe,
                process.started(),
                limits.log_line_bytes,
                limits.stderr_lines,
                echo,
            )
        };
        let mut start = Start {
            stdout: capture(pipes.stdout, false)?,
            stderr: capture(pipes.stderr, true)?,
            process,
            identity,
            plugin: Arc::clone(plugin),
            launch: launch.clone(),
            limits,
            transcript,
            record,
            swept: false,
            dir,
        };
        start.await_line().await;
        Ok(Ok(start))
    }

    async fn await_line(&mut self) {
        let limit = self.limits.start;
        let most = self.limits.log_line_bytes;
        let arrival = tokio::select! {
            biased;
            line = self.stdout.first_line(most) => line.map(|line| Arrival::Line {
                after: line.at,
                line,
            }),
            exit = self.process.exited_in_own_time(limit) => match exit {
                Some(exit) => {
                    // stderr holds the reason, and stdout may hold the line.
                    let drain = self.limits.early_exit;
                    self.stdout.ended_within(drain).await;
                    self.stderr.ended_within(drain).await;
                    let first = self.stdout.lines().into_iter().next();
                    Some(match first {
                        Some(line) if line.newline => Arrival::Line { after: line.at, line },
                        wrote => Arrival::Exited { exit, wrote },
                    })
                }
                None => Some(Arrival::TimedOut {
                    limit,
                    wrote: self.stdout.unfinished(),
                    listening: self.is_listening(),
                }),
            },
        };
        self.record.arrived = SystemTime::now();
        self.record.arrival = match arrival {
            Some(arrival) => arrival,
            // stdout is at its end: the process is gone, or goes on without.
            None => match self.process.exited_within(self.limits.early_exit).await {
                Some(exit) => {
                    self.stderr.ended_within(self.limits.early_exit).await;
                    Arrival::Exited { exit, wrote: None }
                }
                None => Arrival::ClosedStdout,
            },
        };
        let what = match &self.record.arrival {
            Arrival::Line { line, .. } => format!(
                "first line of stdout: {}",
                String::from_utf8_lossy(&line.bytes)
            ),
            Arrival::Exited { exit, .. } => format!("{exit} before the line"),
            Arrival::ClosedStdout => "stdout closed without a line".to_owned(),
            Arrival::TimedOut { .. } => "no line in time".to_owned(),
            Arrival::NotStarted(failure) => failure.to_string(),
        };
        self.transcript
            .add(Direction::FromPlugin, "handshake", what);
        self.read_line();
        if self.record.line.is_none() && matches!(self.record.arrival, Arrival::Line { .. }) {
            // A handshake behind a banner tells the cause, so it is waited for.
            let limit = self.limits.start.min(BEHIND_A_BANNER);
            let is_handshake = |line: &OutputLine| handshake::go_compatible(&line.bytes).is_ok();
            self.stdout.find_line(limit, is_handshake).await;
        }
    }

    fn read_line(&mut self) {
        let Some(line) = self.record.first_line() else {
            return;
        };
        let mut bytes = line.bytes.clone();
        if line.newline {
            bytes.push(b'\n');
        }
        // A line without a newline is a line to a host only once the stream
        // has ended; while it is open the host goes on waiting.
        let complete = line.newline || !matches!(self.record.arrival, Arrival::TimedOut { .. });
        if complete {
            match handshake::go_compatible(&bytes) {
                Ok(line) => self.record.line = Some(line),
                Err(error) => self.record.refused = Some(error),
            }
        }
        let asked = Asked {
            auto_mtls: self.record.mode == Mode::AutoMtls,
            multiplex: self.launch.multiplex,
        };
        self.record.lints = handshake::strict(&bytes, asked);
    }

    /// Whether the started process, or one below it, listens anywhere.
    pub fn is_listening(&self) -> bool {
        let members = crate::tree::members(&self.record.temp);
        crate::tree::listeners(members.iter().map(|member| member.pid))
            .values()
            .any(|held| !held.is_empty())
    }

    /// What was seen so far.
    pub fn record(&mut self) -> &LaunchRecord {
        self.record.stderr = self.stderr.tail(self.limits.stderr_lines);
        self.record.stdout_after = self.stdout.tail_behind(1, 64);
        &self.record
    }

    /// The process's stdout.
    pub fn stdout(&self) -> &Capture {
        &self.stdout
    }

    /// The process's stderr.
    pub fn stderr(&self) -> &Capture {
        &self.stderr
    }

    /// Closes our ends of both output pipes.
    pub async fn close_output(&mut self) {
        self.stdout.close().await;
        self.stderr.close().await;
    }

    /// The started process.
    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    /// The bounds of this launch.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }
}

/// How long the processes of a dropped launch may take to die.
const LAST_SWEEP: Duration = Duration::from_secs(2);

impl Drop for Start {
    fn drop(&mut self) {
        // A panic or a deadline of the case came before the end of the ladder.
        if !self.swept {
            self.process.signal_group(rustix::process::Signal::KILL);
            let ended = self.process.exited_within_blocking(LAST_SWEEP).is_some();
            crate::tree::kill_members_now(&self.record.temp, ended, LAST_SWEEP);
        }
    }
}

fn lay_out(directories: &Directories, root: &Path) -> std::io::Result<(PathBuf, PathBuf)> {
    let make = |name: &str| -> std::io::Result<PathBuf> {
        let path = root.join(name);
        private_dir::make(&path)?;
        Ok(path)
    };
    Ok(match directories {
        Directories::Shared => {
            let path = make("t")?;
            (path.clone(), path)
        }
        Directories::Apart => (make("t")?, make("s")?),
        Directories::Again(path) => {
            private_dir::make(path)?;
            (path.clone(), path.clone())
        }
        Directories::Below(name) => {
            let path = make(name)?;
            (path.clone(), path)
        }
    })
}

fn host_identity(tls: &Tls) -> std::io::Result<(Option<Arc<HostIdentity>>, Option<String>)> {
    Ok(match tls {
        Tls::Off => (None, None),
        Tls::Auto(curve) => {
            let identity = HostIdentity::issue(*curve, Kind::default())
                .map_err(|error| std::io::Error::other(error.to_string()))?;
            let pem = identity.pem.clone();
            (Some(Arc::new(identity)), Some(pem))
        }
        Tls::As {
            identity,
            announced,
        } => (Some(Arc::clone(identity)), Some(announced.clone())),
    })
}
