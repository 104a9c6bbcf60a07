//! `compat`: versions of an interface, compared.

mod check;
mod explain;
mod git;
mod lock;
mod output;
mod project;
mod reference;
mod skew;
mod witnesses;

use super::{say, talk, usage};
use crate::args::Compat;
use clap::ArgMatches;
use compat::DescriptorSet;
use compat::load::LoadError;
use terms::Exit;

pub(super) use explain::explain;
pub(super) use project::minor as carried;

pub(super) fn run(command: &Compat, matches: &ArgMatches) -> Exit {
    match command {
        Compat::Check(args) => check::run(args),
        Compat::Lock(args) => lock::run(args),
        Compat::Skew(args) => skew::run(args, matches),
    }
}

/// The digest of the judged packages of a set.
fn digest(set: &DescriptorSet<'_>, packages: &[&str]) -> Result<String, LoadError> {
    let files = compat::canon::closure(set, packages, false);
    compat::canon::digest(set, files)
}

/// An error, its place and what to do, on stderr.
pub(super) fn tell(error: &LoadError) {
    if let Some(drawn) = &error.drawn {
        return talk(drawn);
    }
    let message = report::escape(&error.to_string());
    let text = match &error.hint {
        None => format!("error: {message}"),
        Some(hint) => format!("error: {message}\nhint: {}", report::escape(hint)),
    };
    talk(&text);
}
