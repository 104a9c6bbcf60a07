//! `compat`: versions of an interface, compared.

mod git;
mod lock;
mod output;
mod project;
mod reference;

use super::{say, talk, usage};
use crate::args::{Compat, CompatCheck};
use compat::buf::{self, Scope};
use compat::bufyaml::Workspace;
use compat::load::{Failure, LoadError};
use compat::{DescriptorSet, Rule};
use output::{Outcome, Side};
use project::Project;
use reference::Referenced;
use std::path::Path;
use terms::Exit;

pub(super) fn run(command: &Compat) -> Exit {
    match command {
        Compat::Check(check) => run_check(check),
        Compat::Lock(args) => lock::run(args),
    }
}

fn run_check(args: &CompatCheck) -> Exit {
    let [against] = args.against.as_slice() else {
        return usage(
            "rulebook buf compares with one version",
            "give --against once",
        );
    };
    let outcome = check(args, against);
    if let Err(error) = &outcome {
        tell(error);
    }
    let said = say(&output::render(args.format, &outcome));
    if said == Exit::Conforms {
        output::exit(&outcome)
    } else {
        said
    }
}

fn check(args: &CompatCheck, against: &str) -> Result<Outcome, LoadError> {
    let project = Project::find()?;
    let new = reference::new(&project, args.new.as_deref(), &args.imports)?;
    let workspace = workspace(args, &new.shown)?;
    for warning in &workspace.warnings {
        talk(&format!("warning: {}", report::escape(warning)));
    }
    if args.strict && workspace.foreign {
        return Err(LoadError::new(
            Failure::Unjudged,
            "plugins and policies of buf cannot be run here",
        ));
    }
    let old = reference::base(&project, against, &args.imports)?;
    let (new_set, old_set) = (new.set()?, old.set()?);
    let scope = Scope {
        exclude_imports: args.exclude_imports,
        limit_to_input_files: args.limit_to_input_files,
        paths: args.path.clone(),
    };
    let world = scope
        .world(&old_set, &new_set, &new.loaded)
        .ok_or_else(|| LoadError::new(Failure::NothingSelected, "--path matches no file"))?;
    let checked = buf::check(&world, &workspace, &new.loaded, &old.loaded);
    for unused in &checked.unused {
        talk(&format!(
            "note: nothing falls under {}",
            report::escape(unused)
        ));
    }
    Ok(Outcome {
        new: side(&new_set, &new)?,
        base: side(&old_set, &old)?,
        findings: checked.findings,
    })
}

fn side(set: &DescriptorSet<'_>, named: &Referenced) -> Result<Side, LoadError> {
    let files = compat::canon::closure(set, &[], false);
    Ok(Side {
        reference: named.shown.clone(),
        version: named.version.clone(),
        digest: compat::canon::digest(set, files)?,
        files: set.files().iter().filter(|file| !file.is_import).count(),
    })
}

/// The configuration of buf: what is given, else what stands with the new side.
fn workspace(args: &CompatCheck, new: &str) -> Result<Workspace, LoadError> {
    if let Some(given) = &args.buf_config {
        let path = Path::new(given);
        let is_file = path
            .extension()
            .is_some_and(|end| end == "yaml" || end == "yml" || end == "json");
        return if is_file {
            let text = std::fs::read_to_string(path).map_err(|error| {
                LoadError::new(Failure::BadInput, format!("cannot be read: {error}")).in_file(given)
            })?;
            Workspace::parse(&text, given)
        } else {
            Workspace::parse(given, "--buf-config")
        };
    }
    let directory = Path::new(new);
    let directory = if directory.is_dir() {
        directory
    } else {
        Path::new(".")
    };
    Ok(Workspace::above(directory)?.unwrap_or_else(Workspace::unconfigured))
}

/// The text of a rule: its promise, its categories, its examples.
pub(super) fn explain(rule: &Rule) -> String {
    let categories: Vec<&str> = rule
        .buf
        .iter()
        .flat_map(|buf| buf.v2)
        .map(|category| category.id())
        .collect();
    let body = rule.doc.split_once('\n').map_or("", |(_, body)| body);
    let lines: Vec<&str> = body
        .trim()
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    format!(
        "{}  {}\n\n{}\n\nrule of buf: {}\n",
        rule.id,
        rule.title(),
        lines.join("\n"),
        categories.join(", ")
    )
}

/// An error, its place and what to do, on stderr.
fn tell(error: &LoadError) {
    let message = report::escape(&error.to_string());
    let text = match &error.hint {
        None => format!("error: {message}"),
        Some(hint) => format!("error: {message}\nhint: {}", report::escape(hint)),
    };
    talk(&text);
}
