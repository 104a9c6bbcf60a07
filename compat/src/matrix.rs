//! Hosts and plugins of different versions, each pair a cell: what the worse
//! off of the two sees, and which side is upgraded first.

use crate::annotation;
use crate::aperio::{Base, Comparison, Finding, worst};
use crate::buf::Scope;
use crate::canon;
use crate::catalog;
use crate::effect::Effect;
use crate::load::{LoadError, Loaded};
use crate::model::{DescriptorSet, FileId};
use crate::policy::{Policy, Quadrant, Unguarded};
use crate::rule::Channel;
use crate::skew::{self, Skew};
use crate::version::Version;
use crate::waiver;
use std::collections::HashSet;

/// How two versions meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// They speak the same.
    Same,
    /// They speak the older of the two.
    Minor,
    /// They refuse each other.
    Major,
}

impl Class {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Class::Same => "same",
            Class::Minor => "minor",
            Class::Major => "major",
        }
    }
}

/// Which side is upgraded first, so that nobody is hurt on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Either.
    Any,
    /// The hosts.
    HostsFirst,
    /// The plugins.
    PluginsFirst,
    /// Both ways hurt.
    None,
}

impl Order {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Order::Any => "any",
            Order::HostsFirst => "hosts-first",
            Order::PluginsFirst => "plugins-first",
            Order::None => "none",
        }
    }

    /// The same in words.
    pub fn words(self) -> &'static str {
        match self {
            Order::Any => "any",
            Order::HostsFirst => "hosts first",
            Order::PluginsFirst => "plugins first",
            Order::None => "none",
        }
    }
}

/// A host of one version and a plugin of another.
#[derive(Debug, Clone)]
pub struct Cell {
    /// The version of the host.
    pub host: String,
    /// The version of the plugin.
    pub plugin: String,
    /// Which of them is newer; neither where they are the same.
    pub quadrant: Option<Quadrant>,
    /// How they meet.
    pub class: Class,
    /// The version they speak, where it is known.
    pub effective: Option<String>,
    /// The worst that one of them sees.
    pub worst: Effect,
    /// Fingerprints of what they see.
    pub findings: Vec<String>,
    /// Elements among them.
    pub elements: usize,
    /// What the newer has and the older does not, by full name; looked up for
    /// a whole matrix only.
    pub out_of_reach: Vec<String>,
}

/// The new side against every base, both ways.
pub(crate) fn against(comparison: &Comparison<'_>, judged: &[Vec<Finding>]) -> Vec<Cell> {
    let release = comparison.release();
    let mut cells = Vec::new();
    for (base, findings) in comparison.bases.iter().zip(judged) {
        let same = base.digest == comparison.digest;
        let pair = Meeting {
            older: (&base.label(), base.version.as_ref()),
            newer: ("new", release.as_ref()),
            same,
            findings,
            out_of_reach: &[],
        };
        cells.extend(pair.cells());
    }
    cells
}

/// Every version against every other: versions are told by their descriptors
/// alone, oldest first.
pub fn full(
    versions: &[(Base<'_>, &Loaded)],
    policy: &Policy,
) -> Result<(Vec<Cell>, Order), LoadError> {
    let count = versions.len();
    let mut cells: Vec<Vec<Option<Cell>>> = vec![vec![None; count]; count];
    for (newer, (new, loaded)) in versions.iter().enumerate() {
        let label = new.label();
        cells[newer][newer] = Some(Cell {
            host: label.clone(),
            plugin: label.clone(),
            quadrant: None,
            class: Class::Same,
            effective: new.version.as_ref().map(|_| label.clone()),
            worst: Effect::Same,
            findings: Vec::new(),
            elements: 0,
            out_of_reach: Vec::new(),
        });
        let mut bases: Vec<Base<'_>> = versions[..newer]
            .iter()
            .map(|each| each.0.clone())
            .collect();
        bases.reverse();
        let comparison = comparison((new, loaded), bases, policy);
        for (older, (base, _)) in versions[..newer].iter().enumerate() {
            let findings = comparison.alone(newer - 1 - older)?;
            let pair = Meeting {
                older: (&base.label(), base.version.as_ref()),
                newer: (&label, new.version.as_ref()),
                same: base.digest == new.digest,
                findings: &findings,
                out_of_reach: &beyond(base.set, new.set, policy),
            };
            let [plugin_newer, host_newer] = pair.cells();
            cells[older][newer] = Some(plugin_newer);
            cells[newer][older] = Some(host_newer);
        }
    }
    let cells: Vec<Cell> = cells.into_iter().flatten().flatten().collect();
    let order = order(&cells);
    Ok((cells, order))
}

/// A host of one version and a plugin, and what is found between them. The
/// plugin is the newer of the two unless their versions say else.
pub fn meet(
    host: (&Base<'_>, &Loaded),
    plugin: (&Base<'_>, &Loaded),
    policy: &Policy,
) -> Result<(Cell, Vec<Finding>), LoadError> {
    let host_newer = match (&host.0.version, &plugin.0.version) {
        (Some(host), Some(plugin)) => host > plugin,
        _ => false,
    };
    let (older, newer) = if host_newer {
        (plugin, host)
    } else {
        (host, plugin)
    };
    // Some libraries drop custom options, and who says nothing is not accused
    // of it.
    let is_annotated = annotation::check_read(plugin.0.set).is_ok();
    let mut policy = policy.clone();
    if !is_annotated {
        policy.unguarded = Some(Unguarded::Warn);
    }
    let policy = &policy;
    let mut findings = comparison(newer, vec![older.0.clone()], policy).alone(0)?;
    findings.retain(|finding| is_annotated || !catalog::is_annotation(finding.rule));
    let pair = Meeting {
        older: (&older.0.label(), older.0.version.as_ref()),
        newer: (&newer.0.label(), newer.0.version.as_ref()),
        same: older.0.digest == newer.0.digest,
        findings: &findings,
        out_of_reach: &beyond(older.0.set, newer.0.set, policy),
    };
    let [plugin_newer, newer_host] = pair.cells();
    let cell = if host_newer { newer_host } else { plugin_newer };
    Ok((cell, findings))
}

/// Versions told by their descriptors alone.
fn comparison<'c>(
    (new, loaded): (&'c Base<'c>, &'c Loaded),
    bases: Vec<Base<'c>>,
    policy: &'c Policy,
) -> Comparison<'c> {
    Comparison {
        new: new.set,
        digest: new.digest.clone(),
        loaded,
        bases,
        declared: new.version.clone().map(crate::Declared::Version),
        policy,
        scope: Scope {
            packages: policy.packages.clone(),
            exclude_built_in: true,
            ..Scope::default()
        },
        edited: Vec::new(),
        waivers: &[],
        today: waiver::today(),
    }
}

/// Which side goes first: a cell that hurts is not entered.
pub fn order(cells: &[Cell]) -> Order {
    let hurts = |quadrant| {
        cells
            .iter()
            .any(|cell| cell.quadrant == Some(quadrant) && cell.worst >= Effect::Lossy)
    };
    match (hurts(Quadrant::HostNewer), hurts(Quadrant::PluginNewer)) {
        (false, false) => Order::Any,
        (false, true) => Order::HostsFirst,
        (true, false) => Order::PluginsFirst,
        (true, true) => Order::None,
    }
}

/// Two versions, and what was found between them.
struct Meeting<'m> {
    older: (&'m str, Option<&'m Version>),
    newer: (&'m str, Option<&'m Version>),
    same: bool,
    findings: &'m [Finding],
    out_of_reach: &'m [String],
}

impl Meeting<'_> {
    /// The older as host, then the newer as host.
    fn cells(&self) -> [Cell; 2] {
        let (class, effective) = self.class();
        [Quadrant::PluginNewer, Quadrant::HostNewer].map(|quadrant| {
            let (host, plugin) = match quadrant {
                Quadrant::PluginNewer => (self.older.0, self.newer.0),
                Quadrant::HostNewer => (self.newer.0, self.older.0),
            };
            let on_wire = self
                .findings
                .iter()
                .filter(|finding| matches!(finding.channel, Channel::Wire | Channel::All));
            let seen: Vec<(&Finding, Effect)> = on_wire
                .map(|finding| (finding, finding.flow.seen(finding.held, quadrant)))
                .filter(|(_, effect)| *effect > Effect::Same)
                .collect();
            let worst = worst(seen.iter().map(|(_, effect)| *effect));
            let mut findings: Vec<String> = seen
                .iter()
                .map(|(finding, _)| finding.fingerprint.clone())
                .collect();
            findings.sort();
            findings.dedup();
            let mut elements: Vec<&str> = seen
                .iter()
                .filter(|(_, effect)| *effect == worst)
                .map(|(finding, _)| finding.element.as_str())
                .collect();
            elements.sort_unstable();
            elements.dedup();
            Cell {
                host: host.to_owned(),
                plugin: plugin.to_owned(),
                quadrant: Some(quadrant),
                class,
                effective: effective.clone(),
                worst,
                findings,
                elements: elements.len(),
                out_of_reach: self.out_of_reach.to_vec(),
            }
        })
    }

    fn class(&self) -> (Class, Option<String>) {
        let spoken = |version: Option<&Version>| {
            let version = version?;
            let [major, minor] = [version.major, version.minor].map(u32::try_from);
            Some((major.ok()?, minor.ok()?))
        };
        let (Some(older), Some(newer)) = (spoken(self.older.1), spoken(self.newer.1)) else {
            let class = if self.same { Class::Same } else { Class::Minor };
            return (class, None);
        };
        let skew = skew::table(&[older], &[newer]);
        let class = match skew {
            Skew::Same { .. } => Class::Same,
            Skew::MinorSkew { .. } => Class::Minor,
            Skew::MajorSkew => Class::Major,
        };
        let effective = skew.effective();
        (
            class,
            effective.map(|(major, minor)| format!("{major}.{minor}")),
        )
    }
}

/// What a newer set has that an older one does not: methods, and fields and
/// values of what both have.
fn beyond(older: &DescriptorSet<'_>, newer: &DescriptorSet<'_>, policy: &Policy) -> Vec<String> {
    let files = canon::closure(newer, &policy.packages(), false);
    let files: HashSet<FileId> = files.into_iter().collect();
    let mut names = Vec::new();
    let services = newer.services().iter();
    for service in services.filter(|service| files.contains(&service.file)) {
        let known = older.find_service(newer.service_name(service.id));
        let known = known.map_or(&[][..], |id| older.methods_of(&older[id]));
        let known: HashSet<&str> = known.iter().map(|method| method.name).collect();
        let methods = newer.methods_of(service).iter();
        let more = methods.filter(|method| !known.contains(method.name));
        names.extend(more.map(|method| newer.full_name(method.id)));
    }
    let messages = newer.messages().iter();
    for message in messages.filter(|message| files.contains(&message.file)) {
        let Some(known) = older.find_message(newer.message_name(message.id)) else {
            continue;
        };
        let known = older.fields_of(&older[known]).iter();
        let known: HashSet<i32> = known.map(|field| field.number).collect();
        let fields = newer.fields_of(message).iter();
        let more = fields.filter(|field| !known.contains(&field.number));
        names.extend(more.map(|field| newer.full_name(field.id)));
    }
    let enums = newer.enums().iter();
    for each in enums.filter(|each| files.contains(&each.file)) {
        let Some(known) = older.find_enum(newer.enum_name(each.id)) else {
            continue;
        };
        let known = older.values_of(&older[known]).iter();
        let known: HashSet<i32> = known.map(|value| value.number).collect();
        let values = newer.values_of(each).iter();
        let more = values.filter(|value| !known.contains(&value.number));
        names.extend(more.map(|value| newer.full_name(value.id)));
    }
    names.sort();
    names
}
