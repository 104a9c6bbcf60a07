//! From a command to an exit code.

mod self_test;
mod test;

use crate::args::{Args, Command, SpecFormat};
use clap::CommandFactory;
use std::io::Write;
use terms::Exit;

/// Runs one command.
pub(crate) fn run(args: Args) -> Exit {
    match args.color {
        clap::ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        clap::ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
        clap::ColorChoice::Auto => {}
    }
    match args.command {
        Command::Test(test) => test::run(&test),
        Command::SelfTest(self_test) => self_test::run(&self_test),
        Command::Explain { id } => match contract::catalog().get(&id) {
            Some(requirement) => say(&report::explain(requirement)),
            None => usage(
                &format!("no requirement has the id {:?}", report::escape(&id)),
                "aperio-plugin spec lists them",
            ),
        },
        Command::Spec { format } => say(&match format {
            SpecFormat::Md => report::spec_markdown(&contract::catalog()),
            SpecFormat::Json => report::spec_json(&contract::catalog()),
        }),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "aperio-plugin", &mut text);
            say(&String::from_utf8_lossy(&text))
        }
    }
}

/// Data to stdout. A closed stdout is an interruption, never a panic.
pub(crate) fn say(text: &str) -> Exit {
    let mut stdout = anstream::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => Exit::Conforms,
        Err(_) => Exit::Interrupted,
    }
}

/// Talk to stderr.
pub(crate) fn talk(text: &str) {
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// A mistake in the command line, and what to do.
pub(crate) fn usage(what: &str, hint: &str) -> Exit {
    talk(&format!("error: {what}\nhint: {hint}"));
    Exit::Usage
}
