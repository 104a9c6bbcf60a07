//! Every time and size the host bounds.

use std::time::Duration;

/// Bounds of one launch. Times scale together with `--timeout-scale`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// From spawn to the handshake line.
    pub start: Duration,
    /// The same, as a plugin promises it; `start` is when the host gives up.
    pub line: Duration,
    /// One call.
    pub rpc: Duration,
    /// Calls in flight at a stop.
    pub drain: Duration,
    /// The Shutdown call.
    pub shutdown: Duration,
    /// From a stop request to the exit of an idle plugin.
    pub exit: Duration,
    /// From SIGTERM to the exit, before SIGKILL.
    pub term: Duration,
    /// From SIGKILL to the exit.
    pub kill: Duration,
    /// How long a plugin may wait for a broker advertisement.
    pub advertise: Duration,
    /// How long a multiplexed connection may take.
    pub multiplex: Duration,
    /// Reading the pipes of a process that ended before its line.
    pub early_exit: Duration,
    /// Reading the pipes of a process that was stopped.
    pub pipe: Duration,
    /// How long an idle plugin is watched.
    pub idle: Duration,
    /// Longest output line kept, in bytes; the rest is counted.
    pub log_line_bytes: usize,
    /// Last stderr lines kept.
    pub stderr_lines: usize,
    /// Most private memory that a plugin may map for writing, in bytes.
    pub data_bytes: u64,
    /// Largest file that a plugin may write, in bytes.
    pub file_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            start: Duration::from_secs(15),
            line: Duration::from_secs(5),
            rpc: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            shutdown: Duration::from_secs(2),
            exit: Duration::from_secs(2),
            term: Duration::from_secs(5),
            kill: Duration::from_secs(5),
            advertise: Duration::from_secs(5),
            multiplex: Duration::from_secs(5),
            early_exit: Duration::from_millis(200),
            pipe: Duration::from_secs(1),
            idle: Duration::from_secs(5),
            log_line_bytes: 64 << 10,
            stderr_lines: 200,
            data_bytes: 4 << 30,
            file_bytes: 64 << 20,
        }
    }
}

impl Limits {
    /// The same limits with every time multiplied by `factor`.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let mut scaled = self.clone();
        for (_, time) in scaled.times_mut() {
            *time = time.mul_f64(factor);
        }
        scaled
    }

    /// Every time by its name in the configuration file.
    pub fn times_mut(&mut self) -> [(&'static str, &mut Duration); 13] {
        [
            ("start", &mut self.start),
            ("line", &mut self.line),
            ("rpc", &mut self.rpc),
            ("drain", &mut self.drain),
            ("shutdown", &mut self.shutdown),
            ("exit", &mut self.exit),
            ("term", &mut self.term),
            ("kill", &mut self.kill),
            ("advertise", &mut self.advertise),
            ("multiplex", &mut self.multiplex),
            ("early_exit", &mut self.early_exit),
            ("pipe", &mut self.pipe),
            ("idle", &mut self.idle),
        ]
    }
}
