//! The release as a whole: what its changes ask for, and whether it says so.

use super::merge::Merged;
use super::{Comparison, Conclusion, Finding, Outcome, Place};
use crate::bump::{Bump, Declared};
use crate::effect::{Demand, Effects};
use crate::flow::Flow;
use crate::found::Spot;
use crate::matrix::Order;
use crate::model::FileId;
use crate::place::Places;
use crate::rule::{Channel, Rule};
use crate::rules::release as rules;
use crate::version::{Version, numbers, suffix};
use crate::waiver::{self, State, Waivable, Waiver};
use crate::{canon, catalog, comments};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Folds the findings into bumps, adds what is to be said of the release, and
/// concludes.
pub(super) fn fold(comparison: &Comparison<'_>, merged: Merged) -> Outcome {
    let Merged {
        mut findings,
        floors,
    } = merged;
    findings.extend(packages(comparison));
    findings.extend(comparison.edited.iter().map(|(version, what)| {
        let rule = &rules::RELEASE_LOCK_UNCHANGED;
        about(rule, Demand::Refused, &version.to_string(), what.clone())
    }));
    findings.extend(other_comments(comparison));
    waive(comparison, &mut findings);
    let mut asked = Asked::by(comparison, &findings, floors);
    let newest = &comparison.bases[0];
    if newest.locked && newest.digest != comparison.digest && asked.overall() <= Bump::Patch {
        let message = format!(
            "peers of {} repeat its descriptor digest, and it is another one now",
            newest.reference
        );
        let rule = &rules::RELEASE_DIGEST_KEPT;
        findings.push(about(rule, Demand::Minor, &newest.reference, message));
        waive(comparison, &mut findings);
        asked = Asked::by(comparison, &findings, std::mem::take(&mut asked.floors));
    }
    let overall = asked.overall();
    let enough = (0..comparison.bases.len())
        .all(|base| comparison.shifted(base, asked.bases[base]) <= comparison.allowed(base));
    if !enough {
        findings.push(too_small(comparison, &asked));
    } else if comparison.declared.is_some() && comparison.allowed(0) > overall {
        let message = format!(
            "{} is declared, and the changes ask for {}",
            article(comparison.allowed(0)),
            match overall {
                Bump::None => "nothing".to_owned(),
                other => article(other),
            }
        );
        let rule = &rules::VERSION_NOT_OVERBUMPED;
        findings.push(about(rule, Demand::Note, &declared(comparison), message));
    }
    let waivers = waive(comparison, &mut findings);
    let states = comparison.waivers.iter().zip(&waivers);
    findings.extend(states.filter_map(|(waiver, state)| idle(waiver, *state)));
    for finding in &mut findings {
        let bump = comparison.shifted(finding.base, finding.bump());
        finding.breaks = finding.waived.is_none()
            && (finding.demand == Demand::Refused || bump > comparison.allowed(finding.base));
    }
    findings.sort_by(|one, other| order(one).cmp(&order(other)));
    let refused = findings
        .iter()
        .any(|finding| finding.demand == Demand::Refused && finding.waived.is_none());
    let conclusion = if refused {
        Conclusion::Refused
    } else if enough || is_waived(&findings, &rules::VERSION_DECLARED_SUFFICIENT) {
        Conclusion::Compatible
    } else {
        Conclusion::BumpTooSmall
    };
    Outcome {
        bases: (0..comparison.bases.len())
            .map(|base| comparison.shifted(base, asked.bases[base]))
            .collect(),
        overall,
        version: asked.version(comparison),
        channels: asked.channels.into_iter().collect(),
        allowed: comparison.allowed(0),
        findings,
        cells: Vec::new(),
        order: Order::Any,
        waivers,
        conclusion,
    }
}

/// What is to be said of a release without any other.
pub(super) fn first(comparison: &Comparison<'_>) -> Outcome {
    let mut findings = packages(comparison);
    let waivers = waive(comparison, &mut findings);
    for finding in &mut findings {
        finding.breaks = finding.waived.is_none();
    }
    Outcome {
        conclusion: if findings.iter().any(|finding| finding.breaks) {
            Conclusion::Refused
        } else {
            Conclusion::Compatible
        },
        findings,
        bases: Vec::new(),
        channels: Vec::new(),
        overall: Bump::None,
        version: None,
        allowed: Bump::Major,
        cells: Vec::new(),
        order: Order::Any,
        waivers,
    }
}

fn is_waived(findings: &[Finding], rule: &'static Rule) -> bool {
    let mut findings = findings.iter();
    findings.any(|finding| finding.rule.id == rule.id && finding.waived.is_some())
}

/// Lays the waivers over the findings; what became of each.
fn waive(comparison: &Comparison<'_>, findings: &mut [Finding]) -> Vec<State> {
    let waivable: Vec<Waivable<'_>> = findings
        .iter()
        .map(|finding| Waivable {
            fingerprint: &finding.fingerprint,
            rule: finding.rule.id,
            element: &finding.element,
        })
        .collect();
    let reached = match &comparison.declared {
        Some(Declared::Version(version)) => Some(version),
        _ => comparison
            .bases
            .iter()
            .find_map(|base| base.version.as_ref()),
    };
    let applied = waiver::apply(comparison.waivers, &waivable, reached, comparison.today);
    for (finding, waiver) in findings.iter_mut().zip(applied.waived) {
        finding.waived = waiver.map(|at| comparison.waivers[at].reason.clone());
    }
    applied.states
}

/// A waiver that is not in force.
fn idle(waiver: &Waiver, state: State) -> Option<Finding> {
    let why = match state {
        State::Used => return None,
        State::Unused => "nothing falls under it",
        State::Expired => "its time is over",
        State::TooBroad => "it names no fingerprint",
    };
    let message = format!(
        "the waiver of {} for {} in line {}: {why}",
        waiver.rule, waiver.element, waiver.line
    );
    let rule = &rules::WAIVER_IN_FORCE;
    Some(about(rule, Demand::Refused, &waiver.element, message))
}

/// The order of reports.
fn order(finding: &Finding) -> impl Ord + use<'_> {
    let place = finding.place.as_ref();
    (
        finding.base,
        place.map(|place| {
            let span = place.span;
            (place.path.as_str(), span.start_line, span.start_column)
        }),
        finding.rule.id,
        finding.element.as_str(),
        finding.channel,
    )
}

/// What is asked of the release.
struct Asked {
    /// By base, before anything moves to the left.
    bases: Vec<Bump>,
    /// By enabled channel.
    channels: BTreeMap<Channel, Bump>,
    /// Of the release as a whole.
    release: Bump,
    floors: Vec<Bump>,
}

impl Asked {
    fn by(comparison: &Comparison<'_>, findings: &[Finding], floors: Vec<Bump>) -> Self {
        let enabled = &comparison.policy.channels;
        let mut asked = Asked {
            bases: floors.clone(),
            channels: enabled
                .iter()
                .map(|channel| (*channel, Bump::None))
                .collect(),
            release: Bump::None,
            floors,
        };
        for (base, bump) in comparison.bases.iter().zip(&mut asked.bases) {
            if base.digest != comparison.digest {
                *bump = Bump::Patch.max(*bump);
            }
        }
        if comparison.bases[0].digest != comparison.digest {
            let least = comparison.shifted(0, Bump::Patch);
            for bump in asked.channels.values_mut() {
                *bump = least;
            }
        }
        for finding in findings {
            let bump = finding.bump();
            for base in [finding.base].iter().chain(&finding.also) {
                asked.bases[*base] = bump.max(asked.bases[*base]);
            }
            let shifted = comparison.shifted(finding.base, bump);
            match finding.channel {
                Channel::Release => asked.release = shifted.max(asked.release),
                Channel::All => {
                    for bump in asked.channels.values_mut() {
                        *bump = shifted.max(*bump);
                    }
                }
                channel => {
                    if let Some(bump) = asked.channels.get_mut(&channel) {
                        *bump = shifted.max(*bump);
                    }
                }
            }
        }
        asked
    }

    fn overall(&self) -> Bump {
        let most = self.channels.values().copied().max();
        most.unwrap_or(Bump::None).max(self.release)
    }

    fn version(&self, comparison: &Comparison<'_>) -> Option<Version> {
        let bases = comparison.bases.iter().zip(&self.bases);
        bases
            .filter_map(|(base, bump)| Some(bump.above(base.version.as_ref()?)))
            .max()
    }
}

impl Comparison<'_> {
    /// A bump as it reads over a base: before 1.0 one place to the left.
    fn shifted(&self, base: usize, bump: Bump) -> Bump {
        let major = match (&self.bases[base].version, &self.declared) {
            (Some(version), _) | (None, Some(Declared::Version(version))) => version.major,
            (None, _) => 1,
        };
        shifted(bump, major)
    }

    /// What the declaration allows over a base, read the same way.
    fn allowed(&self, base: usize) -> Bump {
        let Some(declared) = &self.declared else {
            return Bump::Minor;
        };
        let allowed = declared.allows(self.bases[base].version.as_ref());
        match declared {
            Declared::Version(version) => shifted(allowed, version.major),
            Declared::Bump(_) => allowed,
        }
    }
}

fn shifted(bump: Bump, major: u64) -> Bump {
    match (bump, major) {
        (Bump::Major, 0) => Bump::Minor,
        (Bump::Minor, 0) => Bump::Patch,
        _ => bump,
    }
}

fn declared(comparison: &Comparison<'_>) -> String {
    match &comparison.declared {
        Some(Declared::Version(version)) => version.to_string(),
        Some(Declared::Bump(bump)) => bump.name().to_owned(),
        None => "the next minor".to_owned(),
    }
}

fn article(bump: Bump) -> String {
    match bump {
        Bump::None => "no step up".to_owned(),
        bump => format!("a {}", bump.name()),
    }
}

/// What a declared version is to a base.
fn step(comparison: &Comparison<'_>, base: usize, declared: &Version) -> String {
    let allowed = comparison.allowed(base);
    let base = &comparison.bases[base];
    let name = match &base.version {
        Some(version) if version.to_string() != base.reference => {
            format!("{version} ({})", base.reference)
        }
        _ => base.reference.clone(),
    };
    match &base.version {
        Some(version) if numbers(declared) < numbers(version) => {
            format!("{declared} is below {name}")
        }
        _ if allowed == Bump::None => format!("{declared} is no step up from {name}"),
        _ => format!("{declared} is {} over {name}", article(allowed)),
    }
}

fn too_small(comparison: &Comparison<'_>, asked: &Asked) -> Finding {
    let overall = asked.overall();
    let says = declared(comparison);
    let worst = (0..comparison.bases.len())
        .find(|base| comparison.shifted(*base, asked.bases[*base]) > comparison.allowed(*base))
        .unwrap_or(0);
    let mut message = match &comparison.declared {
        None => "nothing is declared, and a minor is assumed".to_owned(),
        Some(Declared::Bump(_)) => format!("{says} is declared"),
        Some(Declared::Version(version)) => step(comparison, worst, version),
    };
    let needed = comparison.shifted(worst, asked.bases[worst]);
    let _ = write!(message, ", and the changes ask for {}", article(needed));
    if let Some(version) = asked.version(comparison) {
        let _ = write!(message, ": {version} at least");
    }
    let demand = match overall.max(needed) {
        Bump::Major => Demand::Major,
        Bump::Minor => Demand::Minor,
        Bump::Patch | Bump::None => Demand::Patch,
    };
    let mut finding = about(&rules::VERSION_DECLARED_SUFFICIENT, demand, &says, message);
    finding.base = worst;
    finding
}

/// Comments that differ from those of a lock, of which only a digest is left.
fn other_comments(comparison: &Comparison<'_>) -> Option<Finding> {
    let (new, newest) = (comparison.new, &comparison.bases[0]);
    let known = newest.comments.as_ref()?;
    if new.files().iter().all(|file| file.source_info.is_empty()) {
        return None;
    }
    let files = canon::closure(new, &comparison.policy.packages(), false);
    let now = comments::digest(new, files).ok()?;
    let rule = catalog::find("COMMENT_CHANGED")?;
    let message = format!("comments differ from those of {}", newest.reference);
    let mut finding = about(rule, Demand::Patch, &newest.reference, message);
    finding.channel = Channel::All;
    (now != *known).then_some(finding)
}

/// Packages that are served under another major.
fn packages(comparison: &Comparison<'_>) -> Vec<Finding> {
    let Some(Declared::Version(version)) = &comparison.declared else {
        return Vec::new();
    };
    if version.major == 0 {
        return Vec::new();
    }
    let set = comparison.new;
    let judged = |package: &str, is_import: bool| match comparison.policy.packages.as_slice() {
        [] => !is_import,
        packages => packages.iter().any(|name| name == package),
    };
    let mut served: BTreeMap<&str, FileId> = BTreeMap::new();
    for file in set.files() {
        if judged(file.package, file.is_import) && !file.services.is_empty() {
            served.entry(file.package).or_insert(file.id);
        }
    }
    let mut findings = Vec::new();
    for (package, file) in served {
        let Some(major) = suffix(package).filter(|major| *major != version.major) else {
            continue;
        };
        let message = format!("package {package} is major {major}, and {version} is declared");
        let rule = &rules::PACKAGE_SUFFIX_IS_MAJOR;
        let mut finding = about(rule, Demand::Refused, package, message);
        let spot = Spot {
            file,
            tries: vec![vec![2]],
        };
        let path = set[file].path;
        finding.kind = "package";
        finding.new = Some(format!("package {package}"));
        finding.is_text = comparison.loaded.root(path).is_some();
        finding.place = Some(Place {
            path: comparison.loaded.show(path).to_owned(),
            span: Places::of(set, [&spot]).span(&spot),
        });
        findings.push(finding);
    }
    findings
}

/// A finding about the release.
fn about(rule: &'static Rule, demand: Demand, element: &str, message: String) -> Finding {
    Finding {
        rule,
        demand,
        channel: Channel::Release,
        element: element.to_owned(),
        kind: "release",
        place: None,
        is_text: false,
        old: None,
        new: None,
        message,
        flow: Flow::NONE,
        effects: None,
        held: Effects::default(),
        witness: None,
        base: 0,
        also: Vec::new(),
        fingerprint: waiver::fingerprint(rule.id, Channel::Release.name(), element, b"", b""),
        waived: None,
        breaks: false,
    }
}
