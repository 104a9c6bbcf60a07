//! Arguments of `compat`.

use super::{Named, Times};
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What can be done with versions of an interface.
#[derive(Debug, Subcommand)]
pub(crate) enum Compat {
    /// Says which version a change of `.proto` files needs, and who is hurt by it.
    ///
    /// A REF is a directory of .proto files, one .proto file, a descriptor set or buf image (.binpb,
    /// .binpb.gz, - for stdin), a released version (1.2.0, or 1.2 for its newest patch), or
    /// git:REVISION[:PATH].
    ///
    /// A released version is looked up in `released` of section [compat], then among the releases of
    /// Aperio's interface that this program carries.
    Check(Box<CompatCheck>),
    /// Freezes a version of the interface, or verifies that nobody edited a frozen one.
    ///
    /// The `packages` of section [compat], with everything they import, are written to
    /// RELEASED/VERSION as a descriptor set and its digests, if the check accepts them. A lock is
    /// written once: an existing one is never replaced, and a version below the newest of its major
    /// is refused.
    Lock(CompatLock),
    /// Says what hosts and plugins of different versions see of each other.
    ///
    /// Every version meets every other in both roles. A cell says the version they speak, what is
    /// out of reach, and the worst that one of them sees; below stands which side is upgraded first.
    Skew(CompatSkew),
}

const CHECK_HELP: &str = "\
Examples:
  aperio-plugin compat check                                      the working tree, every release
  aperio-plugin compat check --new proto --against git:main:proto --declared minor
  aperio-plugin compat check --against 1.1.0=v1.1 --against 1.2.0=v1.2 --declared 1.3.0
  aperio-plugin compat check --channel all --format json --report github=notes.txt
  aperio-plugin compat check --rulebook buf --new proto --against git:main:proto
  aperio-plugin compat check --new new.binpb --against old.binpb --format buf-json
  aperio-plugin compat check --against 1.2.0 --buf-config '{version: v2, breaking: {use: [WIRE]}}'

Rulebook aperio asks which bump the change needs: major where a peer that kept its version is hurt,
minor where the surface grew, patch where nobody notices. It is asked for each channel: wire (running
binaries), json (stored JSON), source-go, source-py, source (authors who recompile). `aperio-plugin
explain RULE` says what a finding means.

Rulebook buf asks whether `buf breaking` would accept the change. Its rules are taken from
--buf-config, else from buf.yaml in --new or above it, else they are those of category FILE.

Exit codes: 0 the declared version says enough · 1 it does not, or a change is refused · 2 usage \
· 3 could not judge · 4 nothing to compare with · 5 bad input file";

#[derive(Debug, ClapArgs)]
#[command(after_help = CHECK_HELP)]
pub(crate) struct CompatCheck {
    /// What is judged [default: the directories `proto` of section [compat], else proto].
    #[arg(long, value_name = "REF")]
    pub(crate) new: Option<String>,
    /// What it is compared with, and the version of that where REF does not say it [default: every
    /// release of the declared major].
    #[arg(long, value_name = "[X.Y.Z=]REF")]
    pub(crate) against: Vec<String>,
    /// What the release wants to be: a version, or patch, minor, major [default: what --new is
    /// called, else `version` of section [compat]; without one a minor is assumed].
    #[arg(long, value_name = "VERSION|BUMP", value_parser = compat::Declared::parse)]
    pub(crate) declared: Option<compat::Declared>,
    /// Search this directory for imports too.
    #[arg(short = 'I', value_name = "DIR")]
    pub(crate) imports: Vec<PathBuf>,
    /// Whose rules are asked [default: aperio; buf with --buf-config or --format buf-json].
    #[arg(long, value_enum)]
    pub(crate) rulebook: Option<Rulebook>,
    /// The buf.yaml, or its text.
    #[arg(long, value_name = "FILE|DATA")]
    pub(crate) buf_config: Option<String>,
    /// Who may be hurt: wire, json, source-go, source-py, source or all [default: `channels` of
    /// section [compat], else wire].
    #[arg(long, value_name = "CHANNEL", value_delimiter = ',', value_parser = channels)]
    pub(crate) channel: Vec<Channels>,
    /// Form of the result on stdout.
    #[arg(long, value_enum, default_value_t = CompatFormat::Pretty)]
    pub(crate) format: CompatFormat,
    /// Write the result in this form to this file too.
    #[arg(long, value_name = "FORMAT=PATH", value_parser = compat_report)]
    pub(crate) report: Vec<(CompatFormat, PathBuf)>,
    /// Write the smallest message that shows it for each break of running binaries, as
    /// RULE-FINGERPRINT.json.
    #[arg(long, value_name = "DIR")]
    pub(crate) witness: Option<PathBuf>,
    /// Judge only these files and directories.
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Vec<String>,
    /// Leave out files that are only imported.
    #[arg(long)]
    pub(crate) exclude_imports: bool,
    /// Leave out old files that --new does not have.
    #[arg(long)]
    pub(crate) limit_to_input_files: bool,
    /// What cannot be judged, such as plugins of buf, is an error.
    #[arg(long)]
    pub(crate) strict: bool,
}

impl CompatCheck {
    /// Whose rules are asked.
    pub(crate) fn rulebook(&self) -> Rulebook {
        self.rulebook.unwrap_or(
            if self.buf_config.is_some() || self.format == CompatFormat::BufJson {
                Rulebook::Buf
            } else {
                Rulebook::Aperio
            },
        )
    }
}

const SKEW_HELP: &str = "\
Examples:
  aperio-plugin compat skew                                       every release, and the working tree
  aperio-plugin compat skew --interface 1.0,1.2
  aperio-plugin compat skew --interface 1.0=v1.0,1.1=v1.1,2.0=git:next:proto --format json
  aperio-plugin compat skew -- ./dist/acme-box serve              a running plugin, every release
  aperio-plugin compat skew --interface 1.0 --plugin              that of the configuration file

A running plugin says with Describe which version it was built for, and tells through gRPC reflection
what it serves. Hosts of every version meet what it serves; where one of them is hurt by a message of
its own, the plugin is sent that message.

Exit codes: 0 no host is hurt · 1 the plugin serves something else than it says, or a host of its
major is hurt by it · 2 usage · 3 could not judge · 4 nothing to compare with · 5 bad input file";

#[derive(Debug, ClapArgs)]
#[command(after_help = SKEW_HELP)]
pub(crate) struct CompatSkew {
    /// The versions that meet: releases, or VERSION=REF [default: every release of the declared
    /// major, and the working tree; with a plugin every release].
    #[arg(long, value_name = "VERSION[=REF]", value_delimiter = ',')]
    pub(crate) interface: Vec<String>,
    /// Search this directory for imports too.
    #[arg(short = 'I', value_name = "DIR")]
    pub(crate) imports: Vec<PathBuf>,
    /// Form of the result on stdout.
    #[arg(long, value_enum, default_value_t = SkewFormat::Pretty)]
    pub(crate) format: SkewFormat,
    /// Hosts meet a running plugin: that after `--`, else that of the configuration file.
    #[arg(long, help_heading = "Plugin")]
    pub(crate) plugin: bool,

    #[command(flatten)]
    pub(crate) named: Named,

    #[command(flatten)]
    pub(crate) times: Times,
}

impl CompatSkew {
    /// Whether a plugin is started.
    pub(crate) fn starts_plugin(&self) -> bool {
        self.plugin || !self.named.command.is_empty()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SkewFormat {
    /// A table.
    Pretty,
    /// One JSON object.
    Json,
}

const LOCK_HELP: &str = "\
Examples:
  aperio-plugin compat lock --release 1.3.0     freeze the working tree as 1.3.0
  aperio-plugin compat lock --verify            was any lock edited? For CI.

A lock is a directory such as proto/released/1.3.0. Commit it with the release: later versions are
compared with it, and no history of git is needed for that. Its files:
  descriptor_set.binpb   the packages and all they import, without comments and places
  comments               what is written beside them, so that each change of it is told
  digest                 SHA-256 of what is declared, of the comments, of the first file

The configuration:
  [compat]
  packages = [\"acme.box.v1\"]       default: every .proto file
  released = \"proto/released\"      the default
  version  = \"1.3.0\"               what the working tree is going to be";

#[derive(Debug, ClapArgs)]
#[command(after_help = LOCK_HELP)]
pub(crate) struct CompatLock {
    /// The version to freeze, or with --verify the only one to verify [default: `version` of section
    /// [compat]; with --verify every lock].
    #[arg(long, value_name = "X.Y.Z", value_parser = release)]
    pub(crate) release: Option<compat::Version>,
    /// Write nothing; say of each lock whether it is as it was written.
    #[arg(long)]
    pub(crate) verify: bool,
    /// Search this directory for imports too.
    #[arg(short = 'I', value_name = "DIR", conflicts_with = "verify")]
    pub(crate) imports: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rulebook {
    /// Which bump does the change need?
    Aperio,
    /// Would `buf breaking` accept it?
    Buf,
    /// Both, side by side.
    All,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CompatFormat {
    /// A block for each finding.
    Pretty,
    /// A line for each finding.
    Terse,
    /// One JSON object.
    Json,
    /// Annotations for a GitHub workflow, then the lines.
    Github,
    /// One JSON object a line, as `buf breaking --error-format json` writes it.
    BufJson,
}

/// One channel, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channels {
    /// All that can be enabled.
    All,
    /// This one.
    One(compat::Channel),
}

fn channels(text: &str) -> Result<Channels, String> {
    match text {
        "all" => Ok(Channels::All),
        name => compat::policy::channel(name).map(Channels::One),
    }
}

fn compat_report(text: &str) -> Result<(CompatFormat, PathBuf), String> {
    text.split_once('=')
        .filter(|(_, path)| !path.is_empty())
        .and_then(|(format, path)| {
            let format = CompatFormat::from_str(format, false).ok()?;
            Some((format, PathBuf::from(path)))
        })
        .ok_or_else(|| {
            "write it as json=PATH, or with pretty, terse, github or buf-json".to_owned()
        })
}

fn release(text: &str) -> Result<compat::Version, String> {
    compat::version::release(text).ok_or_else(|| "three numbers such as 1.3.0".to_owned())
}
