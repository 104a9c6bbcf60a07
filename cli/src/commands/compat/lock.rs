//! `compat lock`: a version of the interface, frozen.

use super::check::{self, Asked, Sides};
use super::output;
use super::project::{Project, carried};
use super::reference::{self, Referenced};
use super::tell;
use crate::args::{CompatFormat, CompatLock, Rulebook};
use crate::commands::{say, talk};
use compat::buf::Scope;
use compat::load::{Failure, LoadError};
use compat::version::release;
use compat::{Declared, DescriptorSet, Lock, Version};
use std::fmt::Write;
use terms::Exit;

pub(super) fn run(args: &CompatLock) -> Exit {
    let ended = Project::find().and_then(|project| {
        if args.verify {
            verify(&project, args.release.as_ref())
        } else {
            freeze(&project, args)
        }
    });
    ended.unwrap_or_else(|error| {
        tell(&error);
        error.failure.exit()
    })
}

/// Says of each lock whether it is as it was written.
fn verify(project: &Project, only: Option<&Version>) -> Result<Exit, LoadError> {
    let versions = project.versions()?;
    let wanted = |version: &Version| only.is_none_or(|only| only == version);
    if !versions.iter().any(wanted) {
        let what = only.map_or_else(|| "no lock".to_owned(), |only| format!("no lock {only}"));
        return Err(
            LoadError::new(Failure::NothingSelected, format!("there is {what}"))
                .in_file(project.released().display().to_string())
                .hint("aperio-plugin compat lock --release X.Y.Z writes one"),
        );
    }
    let mut text = String::new();
    let (mut edited, mut unreadable) = (false, false);
    let mut before: Vec<Lock> = Vec::new();
    for version in &versions {
        let lock = match Lock::read(&project.released(), version) {
            Ok(lock) => lock,
            Err(_) if !wanted(version) => continue,
            Err(error) => {
                tell(&error);
                unreadable = true;
                continue;
            }
        };
        if wanted(version) {
            let edits = edits(&lock, &before);
            let digest = lock.digests().map(|digests| digests.descriptor);
            let digest = digest.as_deref().unwrap_or("-");
            let _ = if edits.is_empty() {
                writeln!(text, "{version}  sha256:{digest}  unedited")
            } else {
                writeln!(text, "{version}  EDITED  {}", edits.join(", "))
            };
            edited |= !edits.is_empty();
        }
        before.push(lock);
    }
    let said = say(&text);
    Ok(match (said, edited, unreadable) {
        (Exit::Conforms, true, _) => Exit::Breach,
        (Exit::Conforms, false, true) => Exit::CouldNotJudge,
        (said, ..) => said,
    })
}

/// What shows that a lock is not what was released: of itself, beside the
/// older ones, or beside the published one of Aperio's interface.
fn edits(lock: &Lock, before: &[Lock]) -> Vec<String> {
    let mut edits = lock.edits();
    if edits.is_empty() {
        edits.extend(lock.may_join(before).err().map(|why| why.to_string()));
        let mut published = carried().into_iter();
        let published = published.find(|published| published.version == lock.version);
        let files = |lock: &Lock| (lock.set.clone(), lock.digest.clone());
        if published.is_some_and(|published| files(&published) != files(lock)) && is_aperios(lock) {
            let package = proto::interface::PACKAGE;
            edits.push(format!("{package} was published otherwise"));
        }
    }
    edits
}

fn is_aperios(lock: &Lock) -> bool {
    DescriptorSet::parse(&lock.set).is_ok_and(|set| {
        let mut files = set.files().iter();
        files.any(|file| file.package == proto::interface::PACKAGE)
    })
}

fn freeze(project: &Project, args: &CompatLock) -> Result<Exit, LoadError> {
    let policy = &project.policy;
    let version = version(project, args)?;
    let locks = project.versions()?;
    let locks: Vec<Lock> = locks
        .iter()
        .map(|version| project.lock(version))
        .collect::<Result<_, _>>()?;
    let new = reference::new(project, None, &args.imports)?;
    let set = new.set()?;
    let mut sides = Sides {
        new: &new,
        set: &set,
        bases: Vec::new(),
        unread: Vec::new(),
    };
    for base in &compat::lock::bases(&project.versions()?, &version) {
        sides.bases.push(reference::release(project, base)?);
    }
    let lock = {
        let old = sides.bases.iter().map(Referenced::set);
        let old = old.collect::<Result<Vec<_>, _>>()?;
        let sets: Vec<_> = std::iter::once(&set).chain(&old).collect();
        policy.names_exist(&sets, &project.config)?;
        Lock::freeze(version, &set, &policy.packages())?
    };
    lock.may_join(&locks)?;
    let accepted = check_accepts(project, &sides, &lock.version)?;
    if accepted != Exit::Conforms {
        return Ok(accepted);
    }
    let place = lock.write(&project.released())?;
    Ok(say(&format!("{}\n{}", place.display(), lock.digest)))
}

/// The version that is to be frozen.
fn version(project: &Project, args: &CompatLock) -> Result<Version, LoadError> {
    if let Some(version) = &args.release {
        return Ok(version.clone());
    }
    match &project.policy.version {
        None => Err(
            LoadError::new(Failure::Usage, "nothing says which version is frozen")
                .hint("--release 1.0.0, or `version` in section [compat] of aperio-plugin.toml"),
        ),
        Some(version) => release(&version.to_string()).ok_or_else(|| {
            LoadError::new(Failure::Usage, format!("{version} is no release"))
                .hint("a lock has three numbers and nothing behind them: --release X.Y.Z")
        }),
    }
}

/// The check that stands before every lock: whether the new side may follow
/// what was released.
fn check_accepts(
    project: &Project,
    sides: &Sides<'_>,
    version: &Version,
) -> Result<Exit, LoadError> {
    let asked = Asked {
        rulebook: Rulebook::Aperio,
        declared: Some(Declared::Version(version.clone())),
        workspace: None,
        scope: Scope::default(),
        digests: true,
    };
    let ended = Ok(check::judge(project, sides, &asked)?);
    match output::exit(&ended) {
        Exit::Conforms => {
            if sides.bases.is_empty() {
                talk("note: the first release of its major: there is nothing to compare it with");
            }
            Ok(Exit::Conforms)
        }
        exit => match say(&output::render(
            CompatFormat::Terse,
            Rulebook::Aperio,
            &ended,
        )) {
            Exit::Conforms => Ok(exit),
            interrupted => Ok(interrupted),
        },
    }
}
