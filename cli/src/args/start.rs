//! Arguments of every command that starts a plugin.

use super::{Contract, factor, time};
use clap::Args as ClapArgs;
use std::ffi::OsString;
use std::time::Duration;

/// The plugin, and how it is started.
#[derive(Debug, ClapArgs)]
pub(crate) struct Named {
    /// Which promises the plugin makes; `--cookie` and `--app-protocols` imply go-plugin.
    #[arg(long, value_enum, help_heading = "Plugin")]
    pub(crate) contract: Option<Contract>,
    /// Cookie of a plugin that is not Aperio's.
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Plugin")]
    pub(crate) cookie: Option<String>,
    /// Application protocols (majors) to offer.
    #[arg(
        long,
        value_name = "N,…",
        value_delimiter = ',',
        help_heading = "Plugin"
    )]
    pub(crate) app_protocols: Vec<u32>,
    /// The plugin does not promise AutoMTLS.
    #[arg(long, help_heading = "Plugin")]
    pub(crate) no_auto_mtls: bool,
    /// The plugin's command and its arguments.
    #[arg(last = true, value_name = "COMMAND", help_heading = "Plugin")]
    pub(crate) command: Vec<OsString>,
}

/// How long a plugin may take.
#[derive(Debug, ClapArgs)]
pub(crate) struct Times {
    /// Factor on the limits of section [timeouts], but slow and global [default: 1].
    ///
    /// A time that a requirement names itself stays as it is.
    #[arg(long, value_name = "FACTOR", value_parser = factor, help_heading = "Times")]
    pub(crate) timeout_scale: Option<f64>,
    /// Longest call [default: 10s].
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Times")]
    pub(crate) rpc_timeout: Option<Duration>,
}
