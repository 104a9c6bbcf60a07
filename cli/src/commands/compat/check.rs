//! `compat check`: a new side against older ones.

use super::output::{self, Compared, Side};
use super::project::Project;
use super::reference::{self, Referenced};
use super::{digest, say, talk, tell, usage, witnesses};
use crate::args::{Channels, CompatCheck, CompatFormat, Rulebook};
use crate::whole;
use compat::aperio::{self, Base, Comparison};
use compat::buf::{self, Scope};
use compat::bufyaml::Workspace;
use compat::load::{Failure, LoadError};
use compat::policy::CHANNELS;
use compat::{Declared, DescriptorSet, Policy, Version, lock, waiver};
use std::collections::HashMap;
use std::path::Path;
use terms::Exit;

pub(super) fn run(args: &CompatCheck) -> Exit {
    let rulebook = args.rulebook();
    if rulebook == Rulebook::Buf && args.against.len() > 1 {
        return usage(
            "rulebook buf compares with one version",
            "give --against once",
        );
    }
    if rulebook == Rulebook::Aperio && args.buf_config.is_some() {
        return usage(
            "--buf-config configures rulebook buf",
            "leave --rulebook out, or ask --rulebook all",
        );
    }
    let asks_lines = std::iter::once(args.format)
        .chain(args.report.iter().map(|(format, _)| *format))
        .any(|format| format == CompatFormat::BufJson);
    if rulebook == Rulebook::Aperio && asks_lines {
        return usage(
            "buf-json is a form of rulebook buf",
            "leave --rulebook out, or ask --rulebook all",
        );
    }
    if rulebook == Rulebook::Buf && args.witness.is_some() {
        return usage(
            "rulebook buf has no witnesses",
            "leave --witness out, or ask --rulebook all",
        );
    }
    let mut ended = check(args, rulebook);
    if let Err(error) = &ended {
        tell(error);
    }
    if let (Some(dir), Ok(compared)) = (&args.witness, &mut ended)
        && let Some(outcome) = &compared.aperio
    {
        match witnesses::write(outcome, dir) {
            Ok(written) => compared.witnesses = written,
            Err(error) => return unwritten(dir, &error),
        }
    }
    for (format, path) in &args.report {
        let text =
            anstream::adapter::strip_str(&output::render(*format, rulebook, &ended)).to_string();
        if let Err(error) = whole::write(path, text.as_bytes()) {
            return unwritten(path, &error);
        }
    }
    let said = say(&output::render(args.format, rulebook, &ended));
    if said == Exit::Conforms {
        output::exit(&ended)
    } else {
        said
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Exit {
    talk(&format!(
        "error: {} cannot be written: {error}",
        report::escape(&path.display().to_string())
    ));
    Exit::CouldNotJudge
}

/// The sides, as they were loaded.
pub(super) struct Sides<'s> {
    pub(super) new: &'s Referenced,
    pub(super) set: &'s DescriptorSet<'s>,
    pub(super) bases: Vec<Referenced>,
    /// Bases that could not be read.
    pub(super) unread: Vec<LoadError>,
}

fn check(args: &CompatCheck, rulebook: Rulebook) -> Result<Compared, LoadError> {
    let mut project = Project::find()?;
    if args.channel.contains(&Channels::All) {
        project.policy.channels = CHANNELS.into_iter().collect();
    } else if !args.channel.is_empty() {
        let channels = args.channel.iter().filter_map(|channel| match channel {
            Channels::One(channel) => Some(*channel),
            Channels::All => None,
        });
        project.policy.channels = channels.collect();
    }
    // The new side first: if it does not load nothing is judged.
    let new = reference::new(&project, args.new.as_deref(), &args.imports)?;
    let set = new.set()?;
    let version = new.version.clone().or(project.policy.version.clone());
    let declared = args.declared.clone().or(version.map(Declared::Version));
    let workspace = match rulebook {
        Rulebook::Aperio => None,
        Rulebook::Buf | Rulebook::All => Some(workspace(args, &new.shown)?),
    };
    for warning in workspace.iter().flat_map(|workspace| &workspace.warnings) {
        talk(&format!("warning: {}", report::escape(warning)));
    }
    if args.strict
        && workspace
            .as_ref()
            .is_some_and(|workspace| workspace.foreign)
    {
        return Err(LoadError::new(
            Failure::Unjudged,
            "plugins and policies of buf cannot be run here",
        ));
    }
    let only_newest = rulebook == Rulebook::Buf;
    let (bases, unread) = bases(args, &project, declared.as_ref(), only_newest)?;
    let sides = Sides {
        new: &new,
        set: &set,
        bases,
        unread,
    };
    if only_newest && let Some(lock) = sides.bases.iter().find_map(|base| base.lock.clone()) {
        // Rulebook buf has no rule for it.
        lock.unedited(&sides.bases[0].shown)?;
    }
    let scope = Scope {
        exclude_imports: args.exclude_imports,
        limit_to_input_files: args.limit_to_input_files,
        paths: args.path.clone(),
        ..Scope::default()
    };
    // Rulebook buf judges without digests, and only one form shows them.
    let mut forms = std::iter::once(args.format).chain(args.report.iter().map(|(form, _)| *form));
    let asked = Asked {
        rulebook,
        declared,
        workspace,
        scope,
        digests: rulebook != Rulebook::Buf || forms.any(|form| form == CompatFormat::Json),
    };
    judge(&project, &sides, &asked)
}

/// What the new side is compared with: what is named, else the releases.
fn bases(
    args: &CompatCheck,
    project: &Project,
    declared: Option<&Declared>,
    only_newest: bool,
) -> Result<(Vec<Referenced>, Vec<LoadError>), LoadError> {
    let (mut bases, mut unread) = (Vec::new(), Vec::new());
    if !args.against.is_empty() {
        for named in &args.against {
            bases.push(reference::base(project, named, &args.imports)?);
        }
        return Ok((bases, unread));
    }
    let locked = project.versions()?;
    let declared = declared.and_then(Declared::version);
    let mut wanted = match (declared, locked.last()) {
        (Some(declared), _) => lock::bases(&locked, declared),
        (None, Some(newest)) => lock::bases(&locked, newest),
        (None, None) => Vec::new(),
    };
    if only_newest {
        wanted.truncate(1);
    }
    for version in &wanted {
        match reference::release(project, version) {
            Ok(base) => bases.push(base),
            Err(error) => unread.push(error),
        }
    }
    if bases.is_empty() {
        return Err(unread.pop().unwrap_or_else(|| {
            let place = project.released();
            let place = place.display();
            let message = match declared.filter(|_| !locked.is_empty()) {
                Some(declared) => format!("every released version in {place} is above {declared}"),
                None => format!("there is no released version in {place}"),
            };
            LoadError::new(Failure::NothingSelected, message)
                .hint("--against names what is compared with")
        }));
    }
    Ok((bases, unread))
}

/// What is asked of the sides.
pub(super) struct Asked {
    pub(super) rulebook: Rulebook,
    pub(super) declared: Option<Declared>,
    /// The configuration of buf, where its rulebook is asked.
    pub(super) workspace: Option<Workspace>,
    pub(super) scope: Scope,
    /// Whether anybody wants to know the digests.
    pub(super) digests: bool,
}

pub(super) fn judge(
    project: &Project,
    sides: &Sides<'_>,
    asked: &Asked,
) -> Result<Compared, LoadError> {
    let rulebook = asked.rulebook;
    let policy = &project.policy;
    let packages = match rulebook {
        Rulebook::Buf => Vec::new(),
        Rulebook::Aperio | Rulebook::All => policy.packages(),
    };
    let new = sides.set;
    let digest = |set: &DescriptorSet<'_>| {
        if asked.digests {
            digest(set, &packages)
        } else {
            Ok(String::new())
        }
    };
    let mut old = Vec::new();
    for base in &sides.bases {
        old.push(base.set()?);
    }
    let mut bases = Vec::new();
    for (named, set) in sides.bases.iter().zip(&old) {
        bases.push(Base {
            reference: named.shown.clone(),
            version: named.version.clone(),
            set,
            digest: digest(set)?,
            locked: named.lock.is_some(),
            comments: named.comments(),
        });
    }
    aperio::newest_first(&mut bases);
    let mut compared = Compared {
        new: Side {
            reference: sides.new.shown.clone(),
            digest: digest(new)?,
            files: new.files().iter().filter(|file| !file.is_import).count(),
            is_working_text: !sides.new.shown.starts_with("git:"),
            packages: judged_packages(new, policy),
        },
        bases: bases
            .iter()
            .map(|base| {
                (
                    base.reference.clone(),
                    base.version.clone(),
                    base.digest.clone(),
                )
            })
            .collect(),
        declared: asked.declared.clone(),
        aperio: None,
        waivers: Vec::new(),
        witnesses: HashMap::new(),
        buf: None,
        unread: sides.unread.clone(),
    };
    for error in &sides.unread {
        tell(error);
    }
    if rulebook != Rulebook::Buf {
        let mut named: Vec<&DescriptorSet<'_>> = vec![new];
        named.extend(bases.iter().map(|base| base.set));
        policy.names_exist(&named, &project.config)?;
        let path = project.place(&policy.waivers);
        let waivers = waiver::read(&path, &path.display().to_string())?;
        let comparison = Comparison {
            new,
            digest: compared.new.digest.clone(),
            loaded: &sides.new.loaded,
            bases: bases.clone(),
            declared: asked.declared.clone(),
            policy,
            scope: Scope {
                packages: policy.packages.clone(),
                exclude_built_in: true,
                ..asked.scope.clone()
            },
            edited: edited(sides),
            waivers: &waivers,
            today: waiver::today(),
        };
        compared.aperio = Some(if bases.is_empty() {
            aperio::first(&comparison)?
        } else {
            aperio::check(&comparison)?
        });
        compared.waivers = waivers;
    }
    if let Some(workspace) = &asked.workspace {
        let newest = sides
            .bases
            .iter()
            .find(|base| base.shown == bases[0].reference && base.version == bases[0].version);
        let Some(base) = newest else {
            return Ok(compared);
        };
        let world = asked
            .scope
            .world(bases[0].set, new, &sides.new.loaded)
            .ok_or_else(|| LoadError::new(Failure::NothingSelected, "--path matches no file"))?;
        let checked = buf::check(&world, workspace, &sides.new.loaded, &base.loaded);
        for unused in &checked.unused {
            talk(&format!(
                "note: nothing falls under {}",
                report::escape(unused)
            ));
        }
        compared.buf = Some(checked.findings);
    }
    Ok(compared)
}

/// Locks that somebody edited.
fn edited(sides: &Sides<'_>) -> Vec<(Version, String)> {
    let locks = sides.bases.iter().filter_map(|base| base.lock.as_ref());
    let edits = locks.flat_map(|lock| {
        let edits = lock.edits().into_iter();
        edits.map(|what| (lock.version.clone(), what))
    });
    edits.collect()
}

/// The packages that are judged, by name.
fn judged_packages(set: &DescriptorSet<'_>, policy: &Policy) -> Vec<String> {
    if !policy.packages.is_empty() {
        return policy.packages.clone();
    }
    let inputs = set.files().iter().filter(|file| !file.is_import);
    let mut packages: Vec<String> = inputs.map(|file| file.package.to_owned()).collect();
    packages.sort();
    packages.dedup();
    packages
}

/// The configuration of buf: what is given, else what stands with the new side.
fn workspace(args: &CompatCheck, new: &str) -> Result<Workspace, LoadError> {
    if let Some(given) = &args.buf_config {
        let path = Path::new(given);
        let is_file = path
            .extension()
            .is_some_and(|end| end == "yaml" || end == "yml" || end == "json");
        return if is_file {
            Workspace::read(path)
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
