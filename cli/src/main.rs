//! The front door: arguments, command, exit code.

mod args;
mod caret;
mod commands;
mod config;
mod filter;
mod interruption;
mod settings;
mod stream;
mod subject;
mod whole;

use clap::FromArgMatches;
use std::process::ExitCode;

/// First argument that turns this file into the reference plugin.
const REFERENCE_PLUGIN: &str = "reference-plugin";

/// glibc gives each thread a heap of its own, and a plugin that floods fills
/// every one of them.
fn share_one_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets a number of the allocator, before there is a second thread.
    #[expect(unsafe_code, reason = "std has no word for it")]
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}

/// Keeps processes of the same user from this one's descriptors and memory: a
/// plugin could write results of its own to stdout. Root passes all the same.
fn stand_alone() {
    // Where the kernel refuses, nothing is lost but the wall.
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    if words.nth(1).is_some_and(|first| first == REFERENCE_PLUGIN) {
        return plugin::run(words);
    }
    share_one_heap();
    stand_alone();
    let parsed = args::command().try_get_matches().and_then(|matches| {
        let args = args::Args::from_arg_matches(&matches)?;
        Ok((args, matches))
    });
    let (args, matches) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return ExitCode::from(commands::unparsed(&error).code()),
    };
    let exit = commands::run(args, &matches);
    host::private_dir::remove_root();
    ExitCode::from(exit.code())
}
