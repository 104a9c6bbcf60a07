//! Rulebook `aperio`: which bump a change needs, and who is hurt in which
//! skew.
//!
//! Every base is judged by the rules of the enabled channels
//! ([`judge`]); what they say of the newest base counts, and of older bases
//! what the newest does not show already ([`merge`]). From the demands follow
//! the bump of each channel and the smallest version ([`release`]).

mod judge;
mod merge;
mod release;

use crate::annotation;
use crate::buf::Scope;
use crate::bump::{Bump, Declared};
use crate::effect::{Demand, Effect, Effects};
use crate::flow::Flow;
use crate::load::{Failure, LoadError, Loaded};
use crate::matrix::{self, Cell, Order};
use crate::model::{DescriptorSet, Span};
use crate::occasion::Occasion;
use crate::policy::{Deletion, Policy, Unguarded};
use crate::rule::{Channel, Rule};
use crate::version::Version;
use crate::waiver::{State, Waiver};
use crate::witness::Witness;
use std::rc::Rc;
use time::Date;

/// An older version to compare with.
#[derive(Debug, Clone)]
pub struct Base<'w> {
    /// What the user calls it.
    pub reference: String,
    /// Its version, where it has one.
    pub version: Option<Version>,
    /// Its descriptors.
    pub set: &'w DescriptorSet<'w>,
    /// Its digest.
    pub digest: String,
    /// The digest is frozen in a lock, and peers repeat it.
    pub locked: bool,
    /// The digest of its comments, where they are known by that alone.
    pub comments: Option<String>,
}

impl Base<'_> {
    /// What it is called in a matrix: its major and minor, else as the user
    /// calls it.
    pub fn label(&self) -> String {
        match &self.version {
            Some(version) => format!("{}.{}", version.major, version.minor),
            None => self.reference.clone(),
        }
    }
}

/// What is compared, for whom and how strictly.
pub struct Comparison<'w> {
    /// What is judged.
    pub new: &'w DescriptorSet<'w>,
    /// Its digest.
    pub digest: String,
    /// How its files are called.
    pub loaded: &'w Loaded,
    /// What it is compared with, newest first; see [`newest_first`].
    pub bases: Vec<Base<'w>>,
    /// What the author says the release is.
    pub declared: Option<Declared>,
    /// What the interface says of itself.
    pub policy: &'w Policy,
    /// The files that take part.
    pub scope: Scope,
    /// Locks that are not what they were, each as one sentence.
    pub edited: Vec<(Version, String)>,
    /// What somebody agreed to.
    pub waivers: &'w [Waiver],
    /// The day that waivers end by.
    pub today: Date,
}

/// Sorts bases: those with a version by it, newest first, behind those
/// without one.
pub fn newest_first(bases: &mut [Base<'_>]) {
    bases.sort_by(|one, other| match (&one.version, &other.version) {
        (Some(one), Some(other)) => other.cmp(one),
        (one, other) => one.is_some().cmp(&other.is_some()),
    });
}

/// A place in a file of the new side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user would type it.
    pub path: String,
    /// Where in it.
    pub span: Span,
}

/// One change that a rule has something to say about.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// What it asks of the release.
    pub demand: Demand,
    /// For whom.
    pub channel: Channel,
    /// The full name of the element.
    pub element: String,
    /// What the element is.
    pub kind: &'static str,
    /// Where the reader should look.
    pub place: Option<Place>,
    /// The file of the new side is text that the user can open.
    pub is_text: bool,
    /// The old declaration.
    pub old: Option<String>,
    /// The new declaration.
    pub new: Option<String>,
    /// What changed.
    pub message: String,
    /// Which way it travels.
    pub flow: Flow,
    /// What readers see, where the rule is about bytes.
    pub effects: Option<Effects>,
    /// What readers see when the newer side holds back what it may.
    pub held: Effects,
    /// The smallest message that shows it, of a break of running binaries.
    pub witness: Option<Rc<Witness>>,
    /// The newest base that shows it.
    pub base: usize,
    /// Older bases that show it too.
    pub also: Vec<usize>,
    /// Names the change in waivers and in files.
    pub fingerprint: String,
    /// Why it is waived.
    pub waived: Option<String>,
    /// It alone makes the release fail.
    pub breaks: bool,
}

impl Finding {
    /// What makes two findings of two bases one.
    fn key(&self) -> (&'static str, &str, Channel) {
        (self.rule.id, &self.element, self.channel)
    }

    /// The bump it asks for; a refused or waived change asks for none.
    pub fn bump(&self) -> Bump {
        match self.demand {
            _ if self.waived.is_some() => Bump::None,
            Demand::Note | Demand::Refused => Bump::None,
            Demand::Patch => Bump::Patch,
            Demand::Minor => Bump::Minor,
            Demand::Major => Bump::Major,
        }
    }
}

/// How a comparison ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// The declared version says enough.
    Compatible,
    /// It does not.
    BumpTooSmall,
    /// Something is wrong at any bump.
    Refused,
}

impl Conclusion {
    /// The last line of the text.
    pub fn name(self) -> &'static str {
        match self {
            Conclusion::Compatible => "COMPATIBLE",
            Conclusion::BumpTooSmall => "BUMP TOO SMALL",
            Conclusion::Refused => "REFUSED",
        }
    }
}

/// What came out.
#[derive(Debug)]
pub struct Outcome {
    /// What counts, in the order of reports.
    pub findings: Vec<Finding>,
    /// What each base asks for, in the order of the bases.
    pub bases: Vec<Bump>,
    /// What each enabled channel asks for.
    pub channels: Vec<(Channel, Bump)>,
    /// The most of it.
    pub overall: Bump,
    /// The smallest version that satisfies every base that has one.
    pub version: Option<Version>,
    /// The bump that the declaration allows over the newest base.
    pub allowed: Bump,
    /// Every base against the new side, both ways.
    pub cells: Vec<Cell>,
    /// Which side is upgraded first.
    pub order: Order,
    /// What became of each waiver.
    pub waivers: Vec<State>,
    /// How it ends.
    pub conclusion: Conclusion,
}

/// Judges the new side against every base.
pub fn check(comparison: &Comparison<'_>) -> Result<Outcome, LoadError> {
    // Options that a compiler dropped would pass every rule on them.
    annotation::check_read(comparison.new)?;
    let mut judged = Vec::new();
    for at in 0..comparison.bases.len() {
        judged.push(comparison.alone(at)?);
    }
    if judged.is_empty() {
        return Err(LoadError::new(
            Failure::NothingSelected,
            "there is no version to compare with",
        ));
    }
    let cells = matrix::against(comparison, &judged);
    let order = matrix::order(&cells);
    let shown = comparison.shown()?;
    let merged = merge::merge(judged, &shown);
    let mut outcome = release::fold(comparison, merged);
    outcome.cells = cells;
    outcome.order = order;
    Ok(outcome)
}

/// Judges a release that nothing stands before: by itself, whatever its bases.
pub fn first(comparison: &Comparison<'_>) -> Result<Outcome, LoadError> {
    annotation::check_read(comparison.new)?;
    Ok(release::first(comparison))
}

impl<'w> Comparison<'w> {
    /// The version that the new side wants to be, as far as it is known.
    pub fn release(&self) -> Option<Version> {
        let newest = self.bases.iter().find_map(|base| base.version.as_ref());
        match (&self.declared, newest) {
            (Some(Declared::Version(version)), _) => Some(version.clone()),
            (Some(Declared::Bump(bump)), Some(newest)) => Some(bump.above(newest)),
            (None, Some(newest)) => Some(Bump::Minor.above(newest)),
            (_, None) => None,
        }
    }

    /// What one base shows of a set; `None` where no file takes part.
    fn judge(
        &self,
        base: usize,
        new: &'w DescriptorSet<'w>,
        declared: Option<Version>,
    ) -> Result<Option<Vec<Finding>>, LoadError> {
        let old = &self.bases[base];
        let Some(mut world) = self.scope.world(old.set, new, self.loaded) else {
            return if base == 0 {
                Err(LoadError::new(
                    Failure::NothingSelected,
                    "no file takes part: --path and [compat] packages match none",
                ))
            } else {
                Ok(None)
            };
        };
        let mut released: Vec<(Version, &'w DescriptorSet<'w>)> = self
            .bases
            .iter()
            .filter_map(|base| Some((base.version.clone()?, base.set)))
            .collect();
        released.sort_by(|one, other| one.0.cmp(&other.0));
        world.occasion = Occasion {
            base: old.version.clone(),
            declared,
            released,
            unguarded_denied: self
                .policy
                .unguarded
                .map(|unguarded| unguarded == Unguarded::Deny),
            deletion_after: match self.policy.deletion {
                Deletion::Never => None,
                Deletion::After(minors) => Some(minors),
            },
            payload: &self.policy.payload,
            status_details: &self.policy.status_details,
        };
        judge::judge(self, &world, base).map(Some)
    }

    /// What one base shows of the new side; nothing where no file takes part.
    pub(crate) fn alone(&self, base: usize) -> Result<Vec<Finding>, LoadError> {
        // Where nothing is declared nobody knows which releases are skipped.
        let declared = self.declared.as_ref().and_then(|_| self.release());
        let found = self.judge(base, self.new, declared)?;
        Ok(found.unwrap_or_default())
    }

    /// What every older base shows of the newest one: it was released, and is
    /// not accused again.
    fn shown(&self) -> Result<Vec<Vec<Finding>>, LoadError> {
        let Some((newest, older)) = self.bases.split_first() else {
            return Ok(Vec::new());
        };
        let mut shown = vec![Vec::new()];
        for at in 1..=older.len() {
            let found = self.judge(at, newest.set, newest.version.clone())?;
            shown.push(found.unwrap_or_default());
        }
        Ok(shown)
    }
}

/// The worst of some effects.
pub(crate) fn worst(effects: impl IntoIterator<Item = Effect>) -> Effect {
    effects.into_iter().max().unwrap_or_default()
}
