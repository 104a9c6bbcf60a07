//! Arguments of `replay`.

use super::{Named, Times};
use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

const REPLAY_HELP: &str = "\
Examples:
  aperio-plugin compat check --witness proofs                      writes them
  aperio-plugin replay proofs -- ./dist/acme-box serve             which of them break this plugin?
  aperio-plugin replay proofs/FIELD_RANGE_COMPATIBLE-3faeedda.json -- ./acme-box
  aperio-plugin replay proofs --format json -- ./acme-box
  aperio-plugin replay proofs --cookie BASIC_PLUGIN=hello --app-protocols 1 -- ./greeter

A message that an old writer sends is for a plugin of the new version, and the other way about.

  FAIL     it breaks: the plugin cannot decode it, dies or hangs of it, has no such method any
           more, or reads what was predicted in place of what is meant
  PASS     the plugin reads what is meant
  UNKNOWN  the plugin takes it, and nobody can see what it reads
  SKIP     it does not travel to this plugin: a host reads it, or another kind of plugin

What a plugin reads is told by its own descriptors, through gRPC reflection; of an Aperio plugin
without that, by those of the version that it says it was built for.

Exit codes: 0 every message is read as it is meant · 1 one breaks · 2 usage · 3 something is unknown \
· 4 no message travels to this plugin · 5 a FILE is no reproducer · 130 interrupted";

#[derive(Debug, ClapArgs)]
#[command(after_help = REPLAY_HELP)]
pub(crate) struct Replay {
    /// Reproducers, or directories of them.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) named: Named,

    #[command(flatten)]
    pub(crate) times: Times,

    /// Form of the result on stdout.
    #[arg(long, value_enum, default_value_t = ReplayFormat::Pretty, help_heading = "Output")]
    pub(crate) format: ReplayFormat,
    /// Short for `--format terse`.
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,

    /// The configuration file [default: aperio-plugin.toml here or above].
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    pub(crate) config: Option<PathBuf>,
}

impl Replay {
    /// How stdout is written.
    pub(crate) fn form(&self) -> ReplayFormat {
        match self.format {
            ReplayFormat::Pretty if self.quiet => ReplayFormat::Terse,
            format => format,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReplayFormat {
    /// A block for each message.
    Pretty,
    /// A line for each message that does not pass.
    Terse,
    /// One JSON object.
    Json,
}
