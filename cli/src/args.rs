//! The command line.

mod compat;
mod replay;
mod start;

pub(crate) use self::compat::{
    Channels, Compat, CompatCheck, CompatFormat, CompatLock, CompatSkew, Rulebook, SkewFormat,
};
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
