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
    let told = replay::ask(launcher)?;
    let told = told.ok_or_else(|| unjudged("the run was interrupted".to_owned()))?;
    let reflected = told.reflected.as_ref().map_err(|why| {
        unjudged(format!("the plugin does not tell what it serves: {why}"))
            .hint("serve gRPC reflection")
    })?;
    let services: Vec<&str> = reflected.services.iter().map(String::as_str).collect();
    let known = known(&hosts, &services)?;
    let mut sets = Vec::new();
    for (_, loaded) in &known {
        sets.push(loaded.set()?);
    }
    let compare = || {
        let loaded = loaded(&reflected.descriptors)?;
        let says = told.described.as_ref().and_then(|told| told.interface);
        let subject = Subject {
            launcher,
            told: &told,
            says: says.map(|(major, minor)| (major.into(), minor.into())),
            services: &services,
            set: &loaded.set()?,
            loaded: &loaded,
        };
        subject.meet(&project, &known, &sets)
    };
    // What a plugin sends is no input file of the user's.
    compare().map_err(|error| match error.failure {
        Failure::BadInput => unjudged(format!("its descriptors cannot be read: {error}")),
        _ => error,
    })
}

/// Of each host the files of the services that the plugin serves; hosts that
/// have none of them never meet it.
fn known<'h>(
    hosts: &'h [Referenced],
    services: &[&str],
) -> Result<Vec<(&'h Referenced, Loaded)>, LoadError> {
    let mut known = Vec::new();
    for host in hosts {
        let set = host.set()?;
        let files = canon::serving(&set, services, true);
        if !files.is_empty() {
            known.push((host, loaded(&canon::set(&set, files)?)?));
        }
    }
    if known.is_empty() {
        let message = "the plugin serves no service of these versions";
        return Err(LoadError::new(Failure::NothingSelected, message)
            .hint("--interface names the versions of its hosts"));
    }
    Ok(known)
}

/// The running plugin.
struct Subject<'s> {
    launcher: &'s Launcher,
    told: &'s Told,
    /// The version that it says it was built for.
    says: Option<(u64, u64)>,
    services: &'s [&'s str],
    set: &'s DescriptorSet<'s>,
    loaded: &'s Loaded,
}

impl Subject<'_> {
    fn meet(
        &self,
        project: &Project,
        known: &[(&Referenced, Loaded)],
        sets: &[DescriptorSet<'_>],
    ) -> Result<Met, LoadError> {
        let policy = policy(project, self.launcher, sets, self.services);
        let packages = policy.packages();
        let mut bases: Vec<Base<'_>> = Vec::new();
        // Of each host the first file that the plugin has in another form.
        let mut other = Vec::new();
        for ((host, _), set) in known.iter().zip(sets) {
            other.push(other_file(set, self.set, &packages)?);
            bases.push(Base {
                reference: host.shown.clone(),
                version: host.version.clone(),
                set,
                digest: digest(set, &packages)?,
                locked: false,
                comments: None,
            });
        }
        let alike = (0..bases.len()).filter(|at| other[*at].is_none());
        let alike: Vec<usize> = alike.collect();
        // Whose descriptors it serves: with their annotations, which not every
        // library tells.
        let chosen = alike.iter().copied();
        let chosen = chosen.max_by_key(|at| (self.says(&bases[*at]), *at));
        let own;
        let plugin = if let Some(at) = chosen {
            (&bases[at], &known[at].1)
        } else {
            let version = self.says;
            own = Base {
                reference: "plugin".to_owned(),
                version: version.map(|(major, minor)| Version::new(major, minor, 0)),
                set: self.set,
                digest: digest(self.set, &packages)?,
                locked: false,
                comments: None,
            };
            (&own, self.loaded)
        };
        let mut rows = Vec::new();
        for (base, (_, loaded)) in bases.iter().zip(known) {
            let (mut cell, findings) = skew::meet((base, loaded), plugin, &policy)?;
            cell.out_of_reach
                .retain(|name| !self.is_of_unserved(name, base.set));
            let replayed = replay::proofs(self.launcher, self.told, proofs(&cell, &findings));
            rows.push(Row {
                cell,
                findings,
                replayed,
            });
        }
        let described = self.told.described.as_ref();
        Ok(Met {
            path: self.launcher.plugin.program.display().to_string(),
            name: described.map(|described| format!("{} {}", described.id, described.version)),
            says: self.says.map(|(major, minor)| format!("{major}.{minor}")),
            digest_of: digest_of(self.told),
            services: named(sets, self.services),
            serves: alike.iter().map(|at| bases[*at].label()).collect(),
            lie: self.lie(&bases, &other),
            rows,
        })
    }

    /// Whether it says that it was built for this version.
    fn says(&self, base: &Base<'_>) -> bool {
        let version = base.version.as_ref();
        version.is_some_and(|version| self.says == Some((version.major, version.minor)))
    }

    /// Where what it says is not what it serves.
    fn lie(&self, hosts: &[Base<'_>], other: &[Option<String>]) -> Option<String> {
        let (major, minor) = self.says?;
        let all = || hosts.iter().zip(other);
        let mut said = all().filter(|(host, _)| self.says(host)).peekable();
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

    /// Whether a name is that of a method whose service the plugin does not
    /// serve, and only declares.
    fn is_of_unserved(&self, name: &str, host: &DescriptorSet<'_>) -> bool {
        name.rsplit_once('.').is_some_and(|(service, _)| {
            let sets = [host, self.set];
            let is_service = sets.iter().any(|set| set.find_service(service).is_some());
            is_service && !self.services.contains(&service)
        })
    }
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
