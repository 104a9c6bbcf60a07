//! How one process is started.

use crate::identity::{Curve, HostIdentity};
use crate::limits::Limits;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// The variables of one launch; the default is the plain launch.
#[derive(Debug, Clone)]
pub struct Launch {
    /// Whether and how AutoMTLS is asked for.
    pub tls: Tls,
    /// What `PLUGIN_PROTOCOL_VERSIONS` holds.
    pub offer: Offer,
    /// What the cookie variable holds.
    pub cookie: CookieOffer,
    /// Whether `PLUGIN_MULTIPLEX_GRPC=true` is set.
    pub multiplex: bool,
    /// `PLUGIN_MIN_PORT` and `PLUGIN_MAX_PORT`.
    pub ports: Option<(u16, u16)>,
    /// Variables set (`Some`) or removed (`None`) after all others.
    pub env: Vec<(String, Option<String>)>,
    /// umask of the process.
    pub umask: u32,
    /// What the process reads on fd 0.
    pub stdin: Stdin,
    /// Soft and hard limit of open descriptors.
    pub open_files: Option<u64>,
    /// How the private directories are laid out.
    pub directories: Directories,
    /// Started through a shell that can be killed on its own, and without the
    /// death signal that otherwise ties the plugin to the harness.
    pub through_shell: bool,
    /// Whether stdio and broker streams are opened once the channel is up.
    pub streams: Streams,
    /// Bounds of this launch; those of the run where absent.
    pub limits: Option<Limits>,
}

impl Default for Launch {
    fn default() -> Self {
        Launch {
            tls: Tls::Off,
            offer: Offer::Majors,
            cookie: CookieOffer::Right,
            multiplex: false,
            ports: None,
            env: Vec::new(),
            umask: 0o077,
            stdin: Stdin::Null,
            open_files: None,
            directories: Directories::Shared,
            through_shell: false,
            streams: Streams::Both,
            limits: None,
        }
    }
}

impl Launch {
    /// The plain launch under AutoMTLS with a host certificate like
    /// go-plugin's.
    pub fn auto_mtls() -> Self {
        Launch {
            tls: Tls::Auto(Curve::P521),
            ..Launch::default()
        }
    }

    /// The usual launch in this mode.
    pub fn of(mode: Mode) -> Self {
        match mode {
            Mode::Plain => Launch::default(),
            Mode::AutoMtls => Launch::auto_mtls(),
        }
    }

    /// Which of the two modes this is.
    pub fn mode(&self) -> Mode {
        match self.tls {
            Tls::Off => Mode::Plain,
            Tls::Auto(_) | Tls::As { .. } => Mode::AutoMtls,
        }
    }
}

/// The two ways a plugin is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// Without TLS.
    Plain,
    /// With certificates exchanged through environment and handshake line.
    AutoMtls,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Plain => "plain",
            Mode::AutoMtls => "AutoMTLS",
        })
    }
}

/// Whether and how AutoMTLS is asked for.
#[derive(Clone, Default)]
pub enum Tls {
    /// `PLUGIN_CLIENT_CERT` is not set.
    #[default]
    Off,
    /// A fresh host certificate on this curve.
    Auto(Curve),
    /// A certificate made by the caller, announced by this text.
    As {
        /// What the host presents.
        identity: Arc<HostIdentity>,
        /// What `PLUGIN_CLIENT_CERT` holds.
        announced: String,
    },
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tls::Off => f.write_str("Off"),
            Tls::Auto(curve) => write!(f, "Auto({curve:?})"),
            Tls::As { announced, .. } => write!(f, "As({} bytes)", announced.len()),
        }
    }
}

/// What `PLUGIN_PROTOCOL_VERSIONS` holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Offer {
    /// The plugin's majors as configured, comma-separated.
    #[default]
    Majors,
    /// This text.
    Text(String),
    /// The variable is not set.
    Unset,
}

/// What the cookie variable holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CookieOffer {
    /// The value the plugin wants.
    #[default]
    Right,
    /// Another value.
    Text(String),
    /// The variable is not set.
    Unset,
}

/// What the process reads on fd 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stdin {
    /// `/dev/null`.
    #[default]
    Null,
    /// A pipe that stays open and silent.
    OpenPipe,
}

/// How the private directories are laid out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Directories {
    /// One short directory is both `TMPDIR` and `PLUGIN_UNIX_SOCKET_DIR`.
    #[default]
    Shared,
    /// Two short directories.
    Apart,
    /// One directory below this name (a long one, or one with a blank).
    Below(String),
    /// A directory that another launch has used, and that outlives this one.
    Again(PathBuf),
}

/// Which of the once-per-process streams are opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Streams {
    /// StreamStdio, drained for ever, and the broker's StartStream.
    #[default]
    Both,
    /// The broker's StartStream only.
    BrokerOnly,
}
