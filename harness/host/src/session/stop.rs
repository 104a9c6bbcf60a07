//! The end of a session: the stop ladder, and what is left after it.

use super::Session;
use crate::call::{CallEnd, Caller};
use crate::process::Exit;
use crate::start::Start;
use crate::tree::{self, Member};
use proto::goplugin::Empty;
use rustix::process::Signal;
use std::path::PathBuf;
use std::time::Duration;
use terms::Direction;
use tonic::Code;

/// Full name of the controller's method.
pub const SHUTDOWN: &str = "plugin.GRPCController/Shutdown";

/// What the stop ladder saw.
#[derive(Debug, Clone)]
pub struct StopRecord {
    /// SIGTERM had to be sent.
    pub terminated: bool,
    /// SIGKILL had to be sent.
    pub killed: bool,
    /// What was left.
    pub aftermath: Aftermath,
}

/// What a process left behind, looked at after its end and then removed.
#[derive(Debug, Clone)]
pub struct Aftermath {
    /// How the process ended; none only if SIGKILL did not end it.
    pub exit: Option<Exit>,
    /// Processes of the launch that lived on.
    pub survivors: Vec<Member>,
    /// stdout or stderr was still held open after the survivors were found.
    pub pipes_open: bool,
    /// Files and sockets left in the private directory, relative to it.
    pub files: Vec<PathBuf>,
    /// Length of all of them, in bytes.
    pub bytes: u64,
    /// The announced socket among them, relative as well.
    pub socket: Option<PathBuf>,
}

impl Session {
    /// Runs the whole ladder: Shutdown, wait, SIGTERM, wait, SIGKILL, sweep. A
    /// plugin that does not know Shutdown is not waited for after it.
    pub async fn stop(mut self) -> StopRecord {
        let asked = std::time::Instant::now();
        let shutdown = self.ask_to_shut_down().await;
        let mut exit = match shutdown.code() {
            Some(Code::Unimplemented) => self.exited(),
            _ => self.exited_since(asked).await,
        };
        let terminated = exit.is_none();
        if terminated {
            self.start
                .transcript
                .add(Direction::Process, "signal", "SIGTERM to the group");
            self.start.process.signal_group(Signal::TERM);
            let limit = self.start.limits.term;
            exit = self.start.process.exited_within(limit).await;
        }
        let killed = exit.is_none();
        let aftermath = self.finish().await;
        StopRecord {
            terminated,
            killed,
            aftermath,
        }
    }

    /// Steps 1 to 4 of the ladder: closes the broker, calls Shutdown, waits.
    /// The time counts from the call. A lost connection is fine: Go's library
    /// cuts it.
    pub async fn shut_down(&mut self) -> (CallEnd<()>, Option<Exit>) {
        let asked = std::time::Instant::now();
        let shutdown = self.ask_to_shut_down().await;
        (shutdown, self.exited_since(asked).await)
    }

    async fn ask_to_shut_down(&mut self) -> CallEnd<()> {
        if let Some(broker) = self.broker() {
            broker.close();
        }
        shutdown_call(&self.caller(), self.start.limits.shutdown).await
    }

    async fn exited_since(&mut self, asked: std::time::Instant) -> Option<Exit> {
        let left = self.start.limits.exit.saturating_sub(asked.elapsed());
        let exit = self.start.process.exited_in_own_time(left).await;
        if let Some(exit) = exit {
            self.start
                .transcript
                .add(Direction::Process, "exit", exit.to_string());
        }
        exit
    }

    /// Closes the streams that a host holds open for the life of a plugin.
    pub fn close_streams(&mut self) {
        self.stdio = None;
        self.broker = None;
    }

    /// Closes the channel with its streams, as a host that has gone; the
    /// process is left alone.
    pub fn hang_up(self) -> Start {
        self.start
    }

    /// Steps 6 to 8: kills what lives, looks at what is left, removes it.
    pub async fn finish(self) -> Aftermath {
        let Session { start, line, .. } = self;
        // The channel and its streams went with the rest of the session.
        start.finish_with(Some(line.address)).await
    }
}

/// One Shutdown call; `limit` bounds it.
pub async fn shutdown_call(caller: &Caller, limit: Duration) -> CallEnd<()> {
    caller
        .within(limit)
        .unary::<_, Empty>(SHUTDOWN, Empty {})
        .await
        .map(|_| ())
}

impl Start {
    /// Kills what lives, looks at what is left, removes it.
    pub async fn finish(self) -> Aftermath {
        let address = self.record.line.as_ref().map(|line| line.address.clone());
        self.finish_with(address).await
    }

    async fn finish_with(mut self, address: Option<String>) -> Aftermath {
        // A process that ended by itself shows its survivors before anybody
        // is killed; one that did not is killed first.
        let ended = self.process.exited().is_some();
        let mut pipes_open = false;
        if ended {
            pipes_open = !self.stdout.ended_within(self.limits.pipe).await
                || !self.stderr.ended_within(self.limits.pipe).await;
        } else {
            self.process.signal_group(Signal::KILL);
            self.process.exited_within(self.limits.kill).await;
        }
        let gone = self.process.exited().is_some();
        let survivors = tree::kill_members(&self.record.temp, gone, self.limits.kill).await;
        self.swept = true;
        let exit = self.process.reap(self.limits.kill).await;
        if !ended {
            pipes_open = !self.stdout.ended_within(self.limits.pipe).await
                || !self.stderr.ended_within(self.limits.pipe).await;
        }
        let files = self.dir.files();
        let socket = address.and_then(|address| {
            let path = PathBuf::from(address);
            let path = path.strip_prefix(self.dir.path()).ok()?.to_path_buf();
            files.contains(&path).then_some(path)
        });
        let bytes = self.dir.length_of(&files);
        Aftermath {
            exit,
            survivors,
            pipes_open,
            files,
            bytes,
            socket,
        }
    }
}
