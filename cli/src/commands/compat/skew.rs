//! `compat skew`: every version against every other.

mod running;

pub(super) use running::{Met, Row};

use super::output::matrix;
use super::project::Project;
use super::reference::{self, Referenced};
use super::{digest, say, tell};
use crate::args::{CompatSkew, SkewFormat};
use clap::ArgMatches;
use compat::aperio::Base;
use compat::load::{Failure, LoadError, Loaded};
use compat::matrix::{Cell, Order};
use compat::version::Wanted;
use compat::{Version, lock};
use std::path::PathBuf;
use terms::Exit;

pub(super) fn run(args: &CompatSkew, matches: &ArgMatches) -> Exit {
    if args.starts_plugin() {
        return running::run(args, matches);
    }
    let made = make(args);
    if let Err(error) = &made {
        tell(error);
    }
    let text = match args.format {
        SkewFormat::Pretty => match &made {
            Ok((cells, order)) => matrix::text(cells, *order),
            Err(_) => String::new(),
        },
        SkewFormat::Json => matrix::json(&made),
    };
    let said = say(&text);
    match &made {
        Err(error) if said == Exit::Conforms => error.failure.exit(),
        _ => said,
    }
}

fn make(args: &CompatSkew) -> Result<(Vec<Cell>, Order), LoadError> {
    let project = Project::find()?;
    let versions = versions(args, &project)?;
    let packages = project.policy.packages();
    let mut sets = Vec::new();
    for named in &versions {
        sets.push(named.set()?);
    }
    let all: Vec<_> = sets.iter().collect();
    project.policy.names_exist(&all, &project.config)?;
    let mut bases: Vec<(Base<'_>, &Loaded)> = Vec::new();
    for (named, set) in versions.iter().zip(&sets) {
        let base = Base {
            reference: named.shown.clone(),
            version: named.version.clone(),
            set,
            digest: digest(set, &packages)?,
            locked: named.lock.is_some(),
            comments: named.comments(),
        };
        bases.push((base, &named.loaded));
    }
    compat::matrix::full(&bases, &project.policy)
}

/// What meets, oldest first.
fn versions(args: &CompatSkew, project: &Project) -> Result<Vec<Referenced>, LoadError> {
    let mut versions = Vec::new();
    if args.interface.is_empty() {
        let locked = project.versions()?;
        let newest = project.policy.version.as_ref().or(locked.last());
        let wanted = newest.map_or_else(Vec::new, |newest| lock::bases(&locked, newest));
        for version in wanted.iter().rev() {
            versions.push(reference::release(project, version)?);
        }
        let mut tree = reference::new(project, None, &args.imports)?;
        "new".clone_into(&mut tree.shown);
        // Released under its own name it would be told twice.
        if wanted
            .iter()
            .any(|version| tree.version.as_ref() == Some(version))
        {
            tree.version = None;
        }
        versions.push(tree);
    } else {
        for named in &args.interface {
            versions.push(one(named, project, &args.imports)?);
        }
        oldest_first(&mut versions);
    }
    if versions.len() < 2 {
        return Err(
            LoadError::new(Failure::NothingSelected, "there is only one version")
                .hint("--interface names those that meet"),
        );
    }
    Ok(versions)
}

/// What has no version is taken for newer than what has one.
fn oldest_first(versions: &mut [Referenced]) {
    versions.sort_by(|one, other| match (&one.version, &other.version) {
        (Some(one), Some(other)) => one.cmp(other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    });
}

/// `1.0`, `1.0.0`, `1.0=REF` or a REF.
fn one(named: &str, project: &Project, imports: &[PathBuf]) -> Result<Referenced, LoadError> {
    let versioned = named.split_once('=').and_then(|(version, named)| {
        let version = match Wanted::parse(version)? {
            Wanted::Release(version) => version,
            Wanted::Minor(major, minor) => Version::new(major, minor, 0),
        };
        (!named.is_empty()).then_some((version, named))
    });
    match versioned {
        Some((version, named)) => Ok(Referenced {
            version: Some(version),
            ..reference::base(project, named, imports)?
        }),
        None => reference::base(project, named, imports),
    }
}
