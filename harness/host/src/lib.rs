//! The host: starts a plugin as go-plugin's host does, secures the channel,
//! talks to it, watches it and stops it.
//!
//! It names what it sees (kinds of departure, steps that broke, how a call
//! ended) and knows no requirement. Start with [`Start::new`] and
//! [`Start::connect`]; [`Session`] is the live plugin.

pub mod broker;
pub mod call;
pub mod capture;
pub mod certificate;
pub mod channel;
pub mod codec;
pub mod dynamic;
pub mod echo;
mod env;
pub mod handshake;
pub mod identity;
pub mod launch;
pub mod limits;
pub mod lineage;
pub mod logs;
pub mod multiplex;
pub mod plugin;
pub mod private_dir;
pub mod process;
pub mod reflection;
pub mod running;
pub mod services;
pub mod session;
pub mod start;
pub mod stdio;
pub mod stream;
pub mod transcript;
pub mod tree;
mod weight;
pub mod wire;

pub use call::{CallEnd, Caller};
pub use launch::{Launch, Mode};
pub use limits::Limits;
pub use plugin::{Contract, Plugin};
pub use running::Running;
pub use session::Session;
pub use start::{Arrival, LaunchRecord, Start};
pub use stream::StreamState;
