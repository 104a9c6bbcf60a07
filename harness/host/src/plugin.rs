//! Something that can be started.

use crate::running::Running;
use std::ffi::OsString;
use std::path::PathBuf;

/// A plugin as the user names it: a command and what the process contract
/// needs to know to start it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plugin {
    /// Absolute path of the file that is started.
    pub program: PathBuf,
    /// Arguments, passed on untouched.
    pub args: Vec<OsString>,
    /// What the user adds to the environment.
    pub env: Vec<(String, String)>,
    /// The magic cookie the plugin wants to see.
    pub cookie: Cookie,
    /// Application protocols (majors) the host speaks, in any order.
    pub majors: Vec<u32>,
    /// Where the process runs: `/` unless an argument names a file relative
    /// to the caller.
    pub working_dir: PathBuf,
    /// Whether the plugin keeps Aperio's contract or go-plugin's alone.
    pub contract: Contract,
    /// Whether the plugin promises AutoMTLS.
    pub auto_mtls: bool,
    /// The process somebody else has started, where none is to be started.
    pub running: Option<Running>,
}

impl Plugin {
    /// An Aperio plugin started from this file with these arguments.
    pub fn new(program: impl Into<PathBuf>, args: impl IntoIterator<Item = OsString>) -> Self {
        Plugin {
            program: program.into(),
            args: args.into_iter().collect(),
            env: Vec::new(),
            cookie: Cookie::default(),
            majors: vec![proto::INTERFACE_MAJOR],
            working_dir: PathBuf::from("/"),
            contract: Contract::Aperio,
            auto_mtls: true,
            running: None,
        }
    }

    /// Whether Aperio's services may be called.
    pub fn is_aperio(&self) -> bool {
        self.contract == Contract::Aperio
    }
}

/// Which promises the plugin makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contract {
    /// The process contract and Aperio's interface.
    Aperio,
    /// go-plugin's process contract alone; no application method is called.
    GoPlugin,
}

/// The value a plugin demands before it serves. It guards usability, not
/// security.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cookie {
    /// Name of the environment variable.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl Default for Cookie {
    fn default() -> Self {
        Cookie {
            key: proto::cookie::KEY.to_owned(),
            value: proto::cookie::VALUE.to_owned(),
        }
    }
}
