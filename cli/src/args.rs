//! The command line.

mod replay;
mod start;

pub(crate) use replay::{Replay, ReplayFormat};
pub(crate) use start::{Named, Times};

use clap::{
    ArgMatches, Args as ClapArgs, ColorChoice, CommandFactory, Parser, Subcommand, ValueEnum,
};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

/// Judges go-plugin plugins by their contract.
#[derive(Debug, Parser)]
#[command(name = "aperio-plugin", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Args {
    /// When to colour the text.
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, global = true)]
    pub(crate) color: ColorChoice,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Examples:
  aperio-plugin test                            the embedded reference plugin, to see the output
  aperio-plugin test -- ./dist/acme-box serve   your plugin
  aperio-plugin explain HSK-010                 what a promise says and how it is judged

Exit codes: 0 conforms · 1 does not · 2 usage · 3 could not judge · 4 nothing selected · \
5 bad input file · 130 interrupted";

const TEST_HELP: &str = "\
Examples:
  aperio-plugin test -- ./dist/acme-box serve
  aperio-plugin test HSK TLS-005 -- ./acme-box         ids or titles that hold one of these texts
  aperio-plugin test -E 'area(TLS) & level(must) & !id(TLS-01*)' -- ./acme-box
  aperio-plugin test --exact HSK-010 -- ./acme-box     one promise again
  aperio-plugin test --plan -- ./acme-box              what would run, and why the rest would not
  aperio-plugin test --format github --report json=report.json -- ./acme-box
  aperio-plugin test --cookie BASIC_PLUGIN=hello --app-protocols 1 -- ./greeter

A filter expression is made of id(GLOB), area(GLOB), title(TEXT), level(must|should|may),
all(), with !, &, | and parentheses.

Every flag can stand in the environment as APERIO_PLUGIN_FLAG (APERIO_PLUGIN_SEED=7), and most in
aperio-plugin.toml, which is looked for upwards from the working directory:

  [plugin]
  command = [\"./dist/acme-box\", \"serve\"]
  [timeouts]
  start = \"30s\"

A flag counts before the environment, that before the file, that before the default;
--show-config prints what holds and where it comes from.";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Launches a plugin and judges it.
    ///
    /// Without a command after `--`, and without one in aperio-plugin.toml, the embedded
    /// reference plugin is judged, which shows the output and says nothing about a plugin of yours.
    Test(Box<Test>),
    /// Judges the reference plugin with each planted defect and prints the matrix.
    ///
    /// Every defect must be caught by exactly the requirements it declares, and the plugin
    /// without a defect must be clean.
    SelfTest(SelfTest),
    /// Compares versions of an interface.
    Compat {
        /// What to do.
        #[command(subcommand)]
        command: Compat,
    },
    /// Sends a plugin the messages that show a break, and tells what it makes of them.
    ///
    /// Each FILE is a reproducer that `compat check --witness` wrote, or a directory of them. It holds
    /// the smallest message that shows the break. The plugin is started as its host starts it, once
    /// for each file, and the message goes to its method as it stands.
    Replay(Box<Replay>),
    /// Prints one requirement: the promise, how it is judged, usual causes, what breaks it.
    Explain {
        /// Id of the requirement, for example HSK-010.
        id: String,
    },
    /// Prints every requirement.
    Spec(Spec),
    /// Looks at this machine: is everything there that judging needs?
    ///
    /// Exits with 3 if something needed is missing.
    Doctor,
    /// Prints completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Spec {
    /// Form of the list.
    #[arg(long, value_enum, default_value_t = SpecFormat::Md)]
    pub(crate) format: SpecFormat,
    /// How each requirement is covered instead of its text.
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Only what this version of the interface promises.
    #[arg(long, value_name = "X.Y", value_parser = interface)]
    pub(crate) interface: Option<(u32, u32)>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SpecFormat {
    /// Markdown.
    Md,
    /// JSON.
    Json,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = TEST_HELP)]
pub(crate) struct Test {
    /// Judge only requirements whose id or title holds one of these texts.
    #[arg(value_name = "FILTER", help_heading = "Selection")]
    pub(crate) filters: Vec<String>,
    /// FILTERs are whole ids.
    #[arg(long, help_heading = "Selection")]
    pub(crate) exact: bool,
    /// Leave out requirements whose id or title holds this text.
    #[arg(long, value_name = "TEXT", help_heading = "Selection")]
    pub(crate) skip: Vec<String>,
    /// Judge only what this expression selects.
    #[arg(short = 'E', long, value_name = "EXPR", help_heading = "Selection")]
    pub(crate) filter_expr: Option<String>,
    /// Judge by this minor of the interface [default: the plugin's].
    #[arg(long, value_name = "X.Y", value_parser = interface, help_heading = "Selection")]
    pub(crate) interface: Option<(u32, u32)>,
    /// List the selected requirements and launch nothing.
    #[arg(long, help_heading = "Selection")]
    pub(crate) list: bool,
    /// Print what would run and why the rest would not; one launch, to ask the plugin what it is.
    #[arg(long, conflicts_with = "list", help_heading = "Selection")]
    pub(crate) plan: bool,
    /// What an empty selection ends in.
    #[arg(long, value_enum, value_name = "RESULT", default_value_t = Outcome::Fail, help_heading = "Selection")]
    pub(crate) no_tests: Outcome,

    #[command(flatten)]
    pub(crate) named: Named,
    /// Judge a running plugin, named by go-plugin's reattach JSON, without starting or stopping it.
    ///
    /// For a plugin under a debugger that serves without TLS and without multiplexing. What needs
    /// a launch is skipped.
    #[arg(
        long,
        value_name = "JSON",
        conflicts_with_all = ["command", "cookie", "app_protocols", "plan"],
        help_heading = "Plugin"
    )]
    pub(crate) reattach: Option<String>,

    /// A seed, which stands in the report; nothing is drawn from it yet [default: 0].
    #[arg(long, value_name = "N|random", value_parser = seed, help_heading = "Run")]
    pub(crate) seed: Option<u64>,
    /// How long an idle plugin is watched [default: quick].
    #[arg(long, value_enum, help_heading = "Run")]
    pub(crate) effort: Option<Effort>,
    /// Cases that run side by side [default: processors, at most 4].
    #[arg(
        short,
        long,
        value_name = "N",
        visible_alias = "test-threads",
        help_heading = "Run"
    )]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Start nothing new after the first failure.
    #[arg(long, conflicts_with = "max_fail", help_heading = "Run")]
    pub(crate) fail_fast: bool,
    /// Start nothing new after this many failures.
    #[arg(long, value_name = "N", help_heading = "Run")]
    pub(crate) max_fail: Option<NonZeroUsize>,
    /// A broken SHOULD, and a flaky result, fail the run.
    #[arg(long, help_heading = "Run")]
    pub(crate) strict: bool,
    /// Try failures once more, alone (the default).
    #[arg(long, overrides_with = "no_solo_rerun", help_heading = "Run")]
    pub(crate) solo_rerun: bool,
    /// Do not try failures once more.
    #[arg(long, help_heading = "Run")]
    pub(crate) no_solo_rerun: bool,
    /// What a failure that passes alone counts as [default: pass; under --strict fail].
    #[arg(long, value_enum, value_name = "RESULT", help_heading = "Run")]
    pub(crate) flaky_result: Option<Outcome>,

    #[command(flatten)]
    pub(crate) times: Times,
    /// Longest run [default: none].
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Times")]
    pub(crate) global_timeout: Option<Duration>,
    /// When a check that still runs is called slow [default: 30s].
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Times")]
    pub(crate) slow: Option<Duration>,

    /// Form of the report on stdout.
    #[arg(long, value_enum, default_value_t = Format::Pretty, help_heading = "Output")]
    pub(crate) format: Format,
    /// Short for `--format terse`.
    #[arg(short, long, help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Write a report to a file as well: json, ndjson or md.
    #[arg(long, value_name = "FORMAT=PATH,…", value_delimiter = ',', value_parser = report, help_heading = "Output")]
    pub(crate) report: Vec<(ReportFormat, PathBuf)>,
    /// Pass the plugin's stderr on while it runs.
    #[arg(long, alias = "nocapture", help_heading = "Output")]
    pub(crate) no_capture: bool,
    /// Show blocked results one by one, and evidence whole.
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,

    /// The configuration file [default: aperio-plugin.toml here or above].
    #[arg(long, value_name = "FILE", help_heading = "Configuration")]
    pub(crate) config: Option<PathBuf>,
    /// Print what holds and where it comes from, and run nothing.
    #[arg(long, help_heading = "Configuration")]
    pub(crate) show_config: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contract {
    /// The process contract and Aperio's interface.
    Aperio,
    /// go-plugin's process contract alone.
    GoPlugin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Outcome {
    /// It is none.
    Pass,
    /// It is a failure.
    Fail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Effort {
    /// 5 seconds, or what the configuration file says.
    Quick,
    /// A minute, or what the configuration file says.
    Soak,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line for each requirement, a block for each breach.
    Pretty,
    /// The same without what passed or was skipped.
    Terse,
    /// Events, one JSON object a line; the last holds the report.
    Json,
    /// Pretty, with annotations and a step summary for a GitHub workflow.
    Github,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// The report as one JSON object.
    Json,
    /// The events of `--format json`.
    Ndjson,
    /// A Markdown page.
    Md,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SelfTest {
    /// Judge this defect alone.
    #[arg(long, value_name = "NAME")]
    pub(crate) defect: Option<String>,
}

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

/// The command line with a variable for every flag of `test`, and for those of
/// other commands that say how a plugin is started.
pub(crate) fn command() -> clap::Command {
    let with_variable = |arg: clap::Arg| match arg.get_long().map(variable) {
        Some(name) => arg.env(name).hide_env(true),
        None => arg,
    };
    let of_a_start = |command: clap::Command| {
        command.mut_args(|arg| match (arg.get_help_heading(), arg.get_long()) {
            (_, Some("plugin")) => arg,
            (Some("Plugin" | "Times"), _) => with_variable(arg),
            _ => arg,
        })
    };
    Args::command()
        .mut_subcommand("test", |test| test.mut_args(with_variable))
        .mut_subcommand("replay", of_a_start)
        .mut_subcommand("compat", |compat| compat.mut_subcommand("skew", of_a_start))
}

/// The variable of a flag: `APERIO_PLUGIN_SEED` of `seed`.
pub(crate) fn variable(flag: &str) -> clap::builder::OsStr {
    let flag = flag.replace('-', "_").to_ascii_uppercase();
    clap::builder::OsStr::from(format!("APERIO_PLUGIN_{flag}"))
}

/// The matches of the command that was given, which know where each value comes
/// from.
pub(crate) fn of_command(matches: &ArgMatches) -> &ArgMatches {
    match matches.subcommand() {
        Some((_, inner)) => of_command(inner),
        None => matches,
    }
}

/// `random`, or a number.
fn seed(text: &str) -> Result<u64, String> {
    if text == "random" {
        // The first eight bytes of a random UUID hold its version: take others.
        return Ok(u64::from(uuid::Uuid::new_v4().as_fields().0));
    }
    text.parse()
        .map_err(|_| "a whole number, or `random`".to_owned())
}

pub(crate) fn interface(text: &str) -> Result<(u32, u32), String> {
    // What a release is called: no sign, no leading zero.
    let number = |text: &str| text.parse().ok().filter(|n: &u32| n.to_string() == text);
    let numbers = text
        .split_once('.')
        .and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
    let (major, newest) = proto::INTERFACE_VERSION;
    match numbers {
        Some((named, minor)) if named == major && minor <= newest => Ok((named, minor)),
        Some(_) => Err(format!("this harness knows {major}.0 to {major}.{newest}")),
        None => Err(format!("a version such as {major}.{newest}")),
    }
}

fn release(text: &str) -> Result<compat::Version, String> {
    compat::version::release(text).ok_or_else(|| "three numbers such as 1.3.0".to_owned())
}

pub(crate) fn time(text: &str) -> Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if (1..=86_400_000).contains(&time.as_millis()) => Ok(time),
        Ok(_) => Err("from 1ms to 24h".to_owned()),
        Err(_) => Err("a time such as 15s, 200ms or 10m".to_owned()),
    }
}

pub(crate) fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if (0.1..=100.0).contains(&factor) => Ok(factor),
        _ => Err("a number from 0.1 to 100".to_owned()),
    }
}

fn report(text: &str) -> Result<(ReportFormat, PathBuf), String> {
    text.split_once('=')
        .filter(|(_, path)| !path.is_empty())
        .and_then(|(format, path)| {
            let format = ReportFormat::from_str(format, false).ok()?;
            Some((format, PathBuf::from(path)))
        })
        .ok_or_else(|| "write it as json=PATH, ndjson=PATH or md=PATH".to_owned())
}
