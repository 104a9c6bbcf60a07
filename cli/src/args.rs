//! The command line.

use clap::{Args as ClapArgs, ColorChoice, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;

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

const EXIT_CODES: &str = "Exit codes: 0 conforms · 1 does not · 2 usage · 3 could not judge · \
4 nothing selected · 5 bad input file · 130 interrupted";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Launches a plugin and judges it.
    ///
    /// Without a command after `--` the embedded reference plugin is judged, which shows the
    /// output and says nothing about a plugin of yours.
    Test(Test),
    /// Judges the reference plugin with each planted defect and prints the matrix.
    ///
    /// Every defect must be caught by exactly the requirements it declares, and the plugin
    /// without a defect must be clean.
    SelfTest(SelfTest),
    /// Prints one requirement: the promise, how it is judged, usual causes.
    Explain {
        /// Id of the requirement, for example HSK-010.
        id: String,
    },
    /// Prints every requirement.
    Spec {
        /// Form of the list.
        #[arg(long, value_enum, default_value_t = SpecFormat::Md)]
        format: SpecFormat,
    },
    /// Prints completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum SpecFormat {
    /// Markdown.
    Md,
    /// JSON.
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Test {
    /// Judge only requirements whose id or title holds one of these texts.
    #[arg(value_name = "FILTER")]
    pub(crate) filters: Vec<String>,
    /// FILTERs are whole ids.
    #[arg(long)]
    pub(crate) exact: bool,
    /// Leave out requirements whose id or title holds this text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) skip: Vec<String>,
    /// List the selected requirements and launch nothing.
    #[arg(long)]
    pub(crate) list: bool,
    /// Which promises the plugin makes; `--cookie` and `--app-protocols` imply go-plugin.
    #[arg(long, value_enum)]
    pub(crate) contract: Option<Contract>,
    /// Cookie of a plugin that is not Aperio's.
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) cookie: Option<String>,
    /// Application protocols (majors) to offer.
    #[arg(long, value_name = "N,…", value_delimiter = ',')]
    pub(crate) app_protocols: Vec<u32>,
    /// The plugin does not promise AutoMTLS.
    #[arg(long)]
    pub(crate) no_auto_mtls: bool,
    /// Judge a running plugin, named by go-plugin's reattach JSON, without starting or stopping it.
    ///
    /// For a plugin under a debugger that serves without TLS and without multiplexing. What needs
    /// a launch is skipped.
    #[arg(long, value_name = "JSON", conflicts_with_all = ["command", "cookie", "app_protocols"])]
    pub(crate) reattach: Option<String>,
    /// Cases that run side by side.
    #[arg(short, long, value_name = "N", visible_alias = "test-threads")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
    /// Factor on every time limit.
    #[arg(long, value_name = "FACTOR", default_value = "1", value_parser = factor)]
    pub(crate) timeout_scale: f64,
    /// A broken SHOULD, and a flaky result, fail the run.
    #[arg(long)]
    pub(crate) strict: bool,
    /// Do not try failures once more, alone.
    #[arg(long)]
    pub(crate) no_solo_rerun: bool,
    /// Form of the report on stdout.
    #[arg(long, value_enum, default_value_t = Format::Pretty)]
    pub(crate) format: Format,
    /// Short for `--format terse`.
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// The plugin's command and its arguments.
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contract {
    /// The process contract and Aperio's interface.
    Aperio,
    /// go-plugin's process contract alone.
    GoPlugin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A line for each requirement, a block for each breach.
    Pretty,
    /// The same without what passed or was skipped.
    Terse,
    /// The report as JSON.
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SelfTest {
    /// Judge this defect alone.
    #[arg(long, value_name = "NAME")]
    pub(crate) defect: Option<String>,
}

fn factor(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if (0.1..=100.0).contains(&factor) => Ok(factor),
        _ => Err("a number from 0.1 to 100".to_owned()),
    }
}
