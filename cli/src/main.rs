//! The front door: arguments, command, exit code.

mod args;
mod commands;
mod subject;

use clap::Parser;
use std::process::ExitCode;

/// First argument that turns this file into the reference plugin.
const REFERENCE_PLUGIN: &str = "reference-plugin";

/// How long what plugins left running may take to die.
const LAST_SWEEP: std::time::Duration = std::time::Duration::from_secs(5);

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    if words.nth(1).is_some_and(|first| first == REFERENCE_PLUGIN) {
        return plugin::run(words);
    }
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let exit = commands::run(args);
    host::tree::kill_adopted(LAST_SWEEP);
    host::private_dir::remove_root();
    ExitCode::from(exit.code())
}
