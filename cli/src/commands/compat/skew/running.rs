//! `compat skew` with a plugin: hosts of every version against what a running
//! one serves.

use super::super::digest;
use super::super::output::matrix;
use super::super::project::{Project, carried};
use super::super::reference::{self, Referenced};
use super::one;
use crate::args::{CompatSkew, SkewFormat};
use crate::commands::launcher::{Launcher, Told, loaded};
use crate::commands::replay::{self, Replayed, Word};
use crate::commands::{say, talk};
use crate::settings::Launching;
use clap::ArgMatches;
use compat::aperio::{Base, Finding};
use compat::effect::Effect;
use compat::load::{Failure, LoadError, Loaded};
use compat::matrix::{self as skew, Cell, Class};
use compat::policy::{Policy, Quadrant, Side};
use compat::witness::Reproducer;
use compat::{DescriptorSet, Era, Version, canon};
use terms::Exit;

/// Messages that are sent for one host.
const PROOFS: usize = 50;

/// What hosts see of the plugin.
pub(in crate::commands::compat) struct Met {
    /// The file that was started.
    pub(in crate::commands::compat) path: String,
    /// `publisher/name version`, as an Aperio plugin says.
    pub(in crate::commands::compat) name: Option<String>,
    /// The version that it says it was built for.
    pub(in crate::commands::compat) says: Option<String>,
    /// The release whose digest it tells, among those the program carries.
    pub(in crate::commands::compat) digest_of: Option<String>,
    /// The services of these hosts that it serves.
    pub(in crate::commands::compat) services: Vec<String>,
    /// Versions whose descriptors it serves, oldest first.
    pub(in crate::commands::compat) serves: Vec<String>,
    /// What it says is not what it serves.
    pub(in crate::commands::compat) lie: Option<String>,
    pub(in crate::commands::compat) rows: Vec<Row>,
}

/// One host.
pub(in crate::commands::compat) struct Row {
    pub(in crate::commands::compat) cell: Cell,
    /// What differs.
    pub(in crate::commands::compat) findings: Vec<Finding>,
    /// Messages of the host that show a break, sent to the plugin.
    pub(in crate::commands::compat) replayed: Vec<Replayed>,
}

impl Row {
    /// Whether a host of the plugin's major is hurt.
    fn hurts(&self) -> bool {
        let is_met = self.cell.class != Class::Major;
        is_met && self.cell.worst >= Effect::Lossy
            || self.replayed.iter().any(|one| one.word == Word::Fail)
    }
}

impl Met {
    pub(in crate::commands::compat) fn exit(&self) -> Exit {
        if self.lie.is_some() || self.rows.iter().any(Row::hurts) {
            Exit::Breach
        } else {
            Exit::Conforms
        }
    }
}

pub(super) fn run(args: &CompatSkew, matches: &ArgMatches) -> Exit {
    let launching = Launching::resolve(&args.named, &args.times, None, matches);
    let launching = match launching {
        Ok(launching) => launching,
        Err(refused) => {
            talk(&refused.text);
            return refused.exit;
        }
    };
    if launching.is_reference {
        talk("no plugin is named: asking the embedded reference plugin");
    }
    let launcher = Launcher::new(launching);
    let met = meet(args, &launcher);
    if launcher.is_interrupted() {
        return Exit::Interrupted;
    }
    if let Err(error) = &met {
        super::tell(error);
    }
    let text = match (args.format, &met) {
        (SkewFormat::Json, _) => matrix::met_json(&met),
        (SkewFormat::Pretty, Ok(met)) => matrix::met_text(met),
        (SkewFormat::Pretty, Err(_)) => String::new(),
    };
    match (say(&text), &met) {
        (Exit::Conforms, Ok(met)) => met.exit(),
        (Exit::Conforms, Err(error)) => error.failure.exit(),
        (said, _) => said,
    }
}

fn meet(args: &CompatSkew, launcher: &Launcher) -> Result<Met, LoadError> {
    let project = Project::find()?;
    let hosts = hosts(args, &project)?;
    let unjudged = |message: String| LoadError::new(Failure::Unjudged, message);
    let told = launcher.ask();
    let told = told.map_err(|why| unjudged(format!("the plugin does not come up: {why}")))?;
    let told = told.ok_or_else(|| unjudged("the run was interrupted".to_owned()))?;
    let reflected = told.reflected.as_ref().map_err(|why| {
        unjudged(format!("the plugin does not tell what it serves: {why}"))
            .hint("serve gRPC reflection")
    })?;
    // What a plugin sends is no input file of the user's.
    let wrong = |error: LoadError| unjudged(format!("its descriptors cannot be read: {error}"));
    let own = loaded(&reflected.descriptors).map_err(wrong)?;
    let own_set = own.set().map_err(wrong)?;

    let services: Vec<&str> = reflected.services.iter().map(String::as_str).collect();
    let mut known = Vec::new();
    for host in &hosts {
        let set = host.set()?;
        let files = canon::serving(&set, &services, true);
        if !files.is_empty() {
            known.push((host, loaded(&canon::set(&set, files)?)?));
        }
    }
    if known.is_empty() {
        let message = "the plugin serves no service of these versions";
        return Err(LoadError::new(Failure::NothingSelected, message)
            .hint("--interface names the versions of its hosts"));
    }
    let mut sets = Vec::new();
    for (_, loaded) in &known {
        sets.push(loaded.set()?);
    }
    let policy = policy(&project, launcher, &sets, &services);
    let packages = policy.packages();

    let mut bases: Vec<Base<'_>> = Vec::new();
    // Of each host the first file that the plugin has in another form.
    let mut other = Vec::new();
    for ((host, _), set) in known.iter().zip(&sets) {
        other.push(other_file(set, &own_set, &packages)?);
        bases.push(Base {
            reference: host.shown.clone(),
            version: host.version.clone(),
            set,
            digest: digest(set, &packages)?,
            locked: false,
            comments: None,
        });
    }
    let alike: Vec<usize> = (0..bases.len()).filter(|at| other[*at].is_none()).collect();
    let described = told.described.as_ref();
    let says = described.and_then(|described| described.interface);
    let is_said = |base: &Base<'_>| {
        let said = says.map(|(major, minor)| (u64::from(major), u64::from(minor)));
        base.version
            .as_ref()
            .is_some_and(|version| said == Some((version.major, version.minor)))
    };
    // Whose descriptors it serves: with their annotations, which not every
    // library tells.
    let chosen = alike.iter().copied();
    let chosen = chosen.max_by_key(|at| (is_said(&bases[*at]), *at));
    let (plugin, plugin_loaded): (Base<'_>, &Loaded) = match chosen {
        Some(at) => (bases[at].clone(), &known[at].1),
        None => {
            let version = says.map(|(major, minor)| Version::new(major.into(), minor.into(), 0));
            let base = Base {
                reference: "plugin".to_owned(),
                version,
                set: &own_set,
                digest: digest(&own_set, &packages)?,
                locked: false,
                comments: None,
            };
            (base, &own)
        }
    };
    let mut rows = Vec::new();
    for (base, (_, loaded)) in bases.iter().zip(&known) {
        let (mut cell, findings) = skew::meet((base, loaded), (&plugin, plugin_loaded), &policy)?;
        cell.out_of_reach
            .retain(|name| !is_of_unserved(name, base.set, &own_set, &services));
        let replayed = replay::proofs(launcher, &told, proofs(&cell, &findings));
        rows.push(Row {
            cell,
            findings,
            replayed,
        });
    }
    let lie = lie(says, &bases, &other, is_said);
    Ok(Met {
        path: launcher.plugin.program.display().to_string(),
        name: described.map(|described| format!("{} {}", described.id, described.version)),
        says: says.map(|(major, minor)| format!("{major}.{minor}")),
        digest_of: digest_of(&told),
        services: named(&sets, &services),
        serves: alike.iter().map(|at| bases[*at].label()).collect(),
        lie,
        rows,
    })
}

/// The versions of the hosts, oldest first: what is named, else the releases
/// of the project, else those that the program carries.
fn hosts(args: &CompatSkew, project: &Project) -> Result<Vec<Referenced>, LoadError> {
    let mut hosts = Vec::new();
    if args.interface.is_empty() {
        let locked = project.versions()?;
        for version in &locked {
            hosts.push(reference::release(project, version)?);
        }
        if hosts.is_empty() {
            for lock in carried() {
                let version = lock.version.to_string();
                hosts.push(reference::base(project, &version, &args.imports)?);
            }
        }
    } else {
        for named in &args.interface {
            hosts.push(one(named, project, &args.imports)?);
        }
    }
    super::oldest_first(&mut hosts);
    Ok(hosts)
}

/// The policy of the project, where it has one; beyond it the packages of the
/// services, which the plugin implements and hosts call.
fn policy(
    project: &Project,
    launcher: &Launcher,
    hosts: &[DescriptorSet<'_>],
    services: &[&str],
) -> Policy {
    let mut policy = project.policy.clone();
    let declared = hosts.iter().flat_map(|set| {
        let services = set.services().iter();
        services.map(move |one| (set.service_name(one.id), set[one.file].package))
    });
    let no_packages = policy.packages.is_empty();
    for (name, package) in declared {
        let is_served = services.contains(&name);
        if no_packages && is_served && !policy.packages.iter().any(|one| one == package) {
            policy.packages.push(package.to_owned());
        }
        let side = if launcher.is_hosts(name) {
            Side::Host
        } else {
            Side::Plugin
        };
        policy.implementer.entry(name.to_owned()).or_insert(side);
    }
    policy
}

/// The first file of a host that a plugin tells in another form or not at all,
/// as far as reflection can tell it.
fn other_file(
    host: &DescriptorSet<'_>,
    plugin: &DescriptorSet<'_>,
    packages: &[&str],
) -> Result<Option<String>, LoadError> {
    for file in host.files() {
        if !packages.contains(&file.package) {
            continue;
        }
        let twin = plugin.files().iter().find(|one| one.path == file.path);
        let is_same = match twin {
            Some(twin) => canon::bare(file)? == canon::bare(twin)?,
            None => false,
        };
        if !is_same {
            return Ok(Some(file.path.to_owned()));
        }
    }
    Ok(None)
}

/// Where what a plugin says of itself is not what it serves.
fn lie(
    says: Option<(u32, u32)>,
    hosts: &[Base<'_>],
    other: &[Option<String>],
    is_said: impl Fn(&Base<'_>) -> bool,
) -> Option<String> {
    let (major, minor) = says?;
    let all = || hosts.iter().zip(other);
    let mut said = all().filter(|(host, _)| is_said(host)).peekable();
    let differs = said.peek()?.1.as_ref()?;
    if said.any(|(_, other)| other.is_none()) {
        return None;
    }
    let served = all().filter(|(_, other)| other.is_none());
    let served: Vec<String> = served.map(|(host, _)| host.label()).collect();
    Some(match served.as_slice() {
        [] => format!("it says {major}.{minor}, and serves another {differs}"),
        served => format!(
            "it says {major}.{minor}, and serves {}",
            served.join(" and ")
        ),
    })
}

/// Whether a name is that of a method whose service the plugin does not serve,
/// and only declares.
fn is_of_unserved(
    name: &str,
    host: &DescriptorSet<'_>,
    plugin: &DescriptorSet<'_>,
    services: &[&str],
) -> bool {
    name.rsplit_once('.').is_some_and(|(service, _)| {
        let sets = [host, plugin];
        let is_service = sets.iter().any(|set| set.find_service(service).is_some());
        is_service && !services.contains(&service)
    })
}

/// Messages that hosts write and this plugin reads as something else.
fn proofs<'f>(cell: &Cell, findings: &'f [Finding]) -> impl Iterator<Item = Reproducer> + use<'f> {
    let host = match cell.quadrant {
        Some(Quadrant::HostNewer) => Era::New,
        Some(Quadrant::PluginNewer) | None => Era::Old,
    };
    let proofs = findings.iter().filter_map(move |finding| {
        let witness = finding.witness.as_ref()?;
        let travels = witness
            .carried
            .as_ref()
            .is_some_and(|carried| carried.request);
        (witness.writer == host && travels)
            .then(|| Reproducer::new(finding.rule.id, &finding.fingerprint, witness))
    });
    proofs.take(PROOFS)
}

/// The carried release whose digest a plugin repeats.
fn digest_of(told: &Told) -> Option<String> {
    let digest = told.digest.as_str();
    let mut locks = carried().into_iter().rev();
    let lock = locks.find(|lock| {
        let digests = lock.digests();
        digests.is_some_and(|digests| !digest.is_empty() && digests.descriptor == digest)
    })?;
    Some(lock.version.to_string())
}

fn named(hosts: &[DescriptorSet<'_>], services: &[&str]) -> Vec<String> {
    let known = |name: &&&str| hosts.iter().any(|set| set.find_service(name).is_some());
    let known = services.iter().filter(known);
    known.map(|name| (*name).to_owned()).collect()
}
