//! A plugin that somebody else has started, as go-plugin's reattach JSON
//! names it: a plugin under a debugger.
//!
//! The process is neither started nor stopped nor signalled. Without a
//! handshake there is neither a certificate nor multiplexing.

use crate::capture::Capture;
use crate::handshake::{Line, Network, Protocol};
use crate::launch::{Launch, Mode};
use crate::limits::Limits;
use crate::plugin::Plugin;
use crate::private_dir::PrivateDir;
use crate::process::Process;
use crate::start::{Arrival, LaunchRecord, Start};
use crate::transcript::Transcript;
use rustix::process::Pid;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::num::NonZeroI32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;
use terms::Direction;

/// A running plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The name it is given in the JSON.
    pub name: String,
    /// Its process.
    pub pid: NonZeroI32,
    /// The application protocol it speaks.
    pub app: i64,
    /// Network of its address.
    pub network: Network,
    /// Socket path, or `ip:port`.
    pub address: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Config {
    protocol: String,
    protocol_version: i64,
    pid: i32,
    /// Whether the plugin was started to be attached to; none is stopped here.
    #[serde(default, rename = "Test")]
    _test: bool,
    addr: Addr,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Addr {
    network: String,
    string: String,
}

impl Running {
    /// Reads `{"NAME": {"Protocol": "grpc", "ProtocolVersion": 1, "Pid": 7,
    /// "Test": true, "Addr": {"Network": "unix", "String": "/path"}}}`.
    ///
    /// # Errors
    ///
    /// What is wrong with the text, in words.
    pub fn parse(json: &str) -> Result<Self, String> {
        let plugins: BTreeMap<String, Config> =
            serde_json::from_str(json).map_err(|error| error.to_string())?;
        let count = plugins.len();
        let Some((name, config)) = plugins.into_iter().next().filter(|_| count == 1) else {
            return Err(format!("it names {count} plugins, not one"));
        };
        if config.protocol != "grpc" {
            return Err(format!("the protocol is {:?}, not grpc", config.protocol));
        }
        let network = match &*config.addr.network {
            "unix" => Network::Unix,
            "tcp" => Network::Tcp,
            other => return Err(format!("the network {other:?} is neither unix nor tcp")),
        };
        let pid = NonZeroI32::new(config.pid).filter(|pid| pid.get() > 0);
        Ok(Running {
            name,
            pid: pid.ok_or_else(|| format!("{} is no pid", config.pid))?,
            app: config.protocol_version,
            network,
            address: config.addr.string,
        })
    }

    /// The file of the process, where it can be seen.
    pub fn program(&self) -> Option<PathBuf> {
        std::fs::read_link(format!("/proc/{}/exe", self.pid)).ok()
    }
}

impl Start {
    /// The running plugin as if it had just announced its address.
    ///
    /// # Errors
    ///
    /// When the machine refuses a directory or a pipe.
    pub fn attached(plugin: &Arc<Plugin>, running: &Running, limits: &Limits) -> io::Result<Start> {
        let pid = Pid::from_raw(running.pid.get()).expect("a pid is not zero");
        let process = Process::running(pid);
        let dir = PrivateDir::new()?;
        // Its output goes to whoever started it: the pipes here are at their
        // end from the start.
        let silent = || -> io::Result<Capture> {
            let (reader, _) = rustix::pipe::pipe()?;
            Capture::start(
                reader,
                process.started(),
                limits.log_line_bytes,
                limits.stderr_lines,
                false,
            )
        };
        let (stdout, stderr) = (silent()?, silent()?);
        let transcript = Transcript::new(process.started());
        transcript.add(
            Direction::Process,
            "attach",
            format!("process {} at {}", running.pid, running.address),
        );
        let launch = Launch::default();
        let record = LaunchRecord {
            mode: Mode::Plain,
            env: BTreeMap::new(),
            temp: dir.path().to_path_buf(),
            sockets: dir.path().to_path_buf(),
            arrival: Arrival::ClosedStdout,
            arrived: SystemTime::now(),
            line: Some(Line {
                core: 1,
                app: running.app,
                network: running.network,
                address: running.address.clone(),
                protocol: Protocol::Grpc,
                certificate: None,
                multiplex: None,
            }),
            refused: None,
            lints: Vec::new(),
            stderr: Vec::new(),
            stdout_after: Vec::new(),
            channel: None,
        };
        Ok(Start {
            process,
            stdout,
            stderr,
            identity: None,
            plugin: Arc::clone(plugin),
            launch,
            limits: limits.clone(),
            transcript,
            record,
            dir,
            // Nothing was started, so nothing is killed.
            swept: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"p":{"Protocol":"grpc","ProtocolVersion":1,"Pid":7,"Test":true,"Addr":{"Network":"unix","String":"/s"}}}"#;

    #[test]
    fn go_plugins_json_is_read() {
        let running = Running::parse(GOOD).expect("the JSON is whole");
        assert_eq!(running.name, "p");
        assert_eq!(running.pid.get(), 7);
        assert_eq!(running.network, Network::Unix);
        assert_eq!(running.address, "/s");
    }

    #[test]
    fn what_is_no_running_plugin_is_refused_in_words() {
        for (from, to, words) in [
            (GOOD, "", "EOF"),
            (GOOD, "{}", "0 plugins"),
            ("grpc", "netrpc", "not grpc"),
            (":7,", ":0,", "0 is no pid"),
            (":7,", ":-7,", "-7 is no pid"),
            ("\"unix\"", "\"pipe\"", "neither unix nor tcp"),
            ("\"Test\":true", "\"AutoMTLS\":true", "unknown field"),
        ] {
            let refusal = Running::parse(&GOOD.replace(from, to));
            assert!(
                refusal.as_ref().is_err_and(|text| text.contains(words)),
                "{words}: {refusal:?}"
            );
        }
    }
}
