//! From a command to an exit code.

mod compat;
mod doctor;
mod launcher;
mod replay;
mod self_test;
mod test;

use crate::args::{self, Args, Command, Spec, SpecFormat};
use crate::caret::did_you_mean;
use clap::ArgMatches;
use report::Coverage;
use std::io::Write;
use terms::{Catalog, Exit, Requirement};

/// Runs one command; `matches` knows where each argument came from.
pub(crate) fn run(args: Args, matches: &ArgMatches) -> Exit {
    match args.color {
        clap::ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
        clap::ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
        clap::ColorChoice::Auto => {}
    }
    let matches = args::of_command(matches);
    match args.command {
        Command::Test(test) => test::run(&test, matches),
        Command::SelfTest(self_test) => self_test::run(&self_test),
        Command::Compat { command } => compat::run(&command, matches),
        Command::Replay(replay) => replay::run(&replay, matches),
        Command::Explain { id } => explain(&id),
        Command::Spec(spec) => say(&spec_text(&spec)),
        Command::Doctor => doctor::run(),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut args::command(), "aperio-plugin", &mut text);
            say(&String::from_utf8_lossy(&text))
        }
    }
}

fn explain(id: &str) -> Exit {
    let catalog = contract::catalog();
    if let Some(requirement) = catalog.get(id) {
        let defects: Vec<(&str, &str)> = plugin::defects()
            .filter(|defect| defect.caught_by.contains(&requirement.id))
            .map(|defect| (defect.name, defect.text))
            .collect();
        return say(&report::explain(requirement, &defects));
    }
    if let Some(rule) = ::compat::catalog::find(id) {
        return say(&compat::explain(rule));
    }
    let rules = ::compat::catalog::all();
    let ids = catalog.iter().map(|requirement| requirement.id);
    let near = did_you_mean(id, ids.chain(rules.iter().map(|rule| rule.id)));
    usage(
        &format!(
            "no requirement and no rule has the id {:?}",
            report::escape(id)
        ),
        near.as_deref().unwrap_or("aperio-plugin spec lists them"),
    )
}

fn spec_text(spec: &Spec) -> String {
    let holds = |requirement: &&'static Requirement| {
        let Some(version) = spec.interface else {
            return true;
        };
        let minor = |text: &str| args::interface(text).ok();
        minor(requirement.since).is_none_or(|since| since <= version)
            && requirement
                .removed
                .and_then(minor)
                .is_none_or(|removed| removed > version)
    };
    let catalog = contract::catalog();
    let catalog = Catalog::new(catalog.iter().filter(holds));
    if spec.coverage {
        let rows: Vec<Coverage> = catalog
            .iter()
            .map(|requirement| Coverage {
                requirement,
                defects: plugin::defects()
                    .filter(|defect| defect.caught_by.contains(&requirement.id))
                    .map(|defect| defect.name)
                    .collect(),
            })
            .collect();
        return match spec.format {
            SpecFormat::Md => report::coverage_markdown(&rows),
            SpecFormat::Json => report::coverage_json(&rows),
        };
    }
    match spec.format {
        SpecFormat::Md => report::spec_markdown(&catalog),
        SpecFormat::Json => report::spec_json(&catalog),
    }
}

/// Data to stdout. A reader that went away has read enough: an interruption,
/// never a panic. Whatever else keeps it from being written is told.
pub(crate) fn say(text: &str) -> Exit {
    let mut stdout = anstream::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => Exit::Conforms,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Interrupted,
        Err(error) => {
            talk(&format!("error: stdout cannot be written: {error}"));
            Exit::CouldNotJudge
        }
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
