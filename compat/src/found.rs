//! What rules find.

use crate::effect::{Demand, Effect, Effects};
use crate::model::{DescriptorSet, ElementId, FileId, MethodId, Scope, SourcePath};
use crate::rule::{Channel, Rule};
use crate::witness::Probe;

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// The base.
    Old,
    /// What is judged.
    New,
}

impl Era {
    /// The other side.
    #[must_use]
    pub fn other(self) -> Era {
        match self {
            Era::Old => Era::New,
            Era::New => Era::Old,
        }
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Era::Old => "old",
            Era::New => "new",
        }
    }
}

/// A place in a file of the new side: the first of some paths that has a
/// location, else the file as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub file: FileId,
    /// Paths into its source info, best first.
    pub tries: Vec<SourcePath>,
}

impl Spot {
    /// A file without a location.
    pub fn file(file: FileId) -> Self {
        Spot {
            file,
            tries: Vec::new(),
        }
    }

    /// The declaration of an element. What the compiler made of a map field
    /// stands where the field says `map<…>`.
    pub fn of(set: &DescriptorSet<'_>, element: impl Into<ElementId>) -> Self {
        let element = element.into();
        let mut tries = vec![set.source_path(element)];
        if let Some(field) = map_field(set, element) {
            let mut types = set.source_path(field);
            types.push(6);
            tries.extend([types, set.source_path(field)]);
        }
        Spot {
            file: set.file_of(element),
            tries,
        }
    }

    /// A part of an element's declaration, else the declaration.
    pub fn part(set: &DescriptorSet<'_>, element: impl Into<ElementId>, part: &[i32]) -> Self {
        let element = element.into();
        let mut spot = Spot::of(set, element);
        let mut path = spot.tries[0].clone();
        path.extend_from_slice(part);
        spot.tries.insert(0, path);
        spot
    }

    /// A part of an element's declaration, else the file without a location.
    pub fn part_only(set: &DescriptorSet<'_>, element: impl Into<ElementId>, part: &[i32]) -> Self {
        let mut spot = Spot::part(set, element, part);
        spot.tries.truncate(1);
        spot
    }

    /// Tries another part of the element before everything else.
    #[must_use]
    pub fn rather(
        mut self,
        set: &DescriptorSet<'_>,
        element: impl Into<ElementId>,
        part: &[i32],
    ) -> Self {
        let mut path = set.source_path(element);
        path.extend_from_slice(part);
        self.tries.insert(0, path);
        self
    }
}

/// The map field whose entry an element is, or is part of.
fn map_field(set: &DescriptorSet<'_>, element: ElementId) -> Option<ElementId> {
    let entry = match element {
        ElementId::Message(id) => id,
        ElementId::Field(id) => match set[id].scope {
            Scope::Message(message) if set[id].extendee.is_none() => message,
            _ => return None,
        },
        _ => return None,
    };
    let entry = &set[entry];
    let parent = entry.parent.filter(|_| entry.map_entry)?;
    let holds_entry =
        |field: &&crate::model::Field<'_>| field.target == crate::model::Target::Message(entry.id);
    let field = set.fields_of(&set[parent]).iter().find(holds_entry)?;
    Some(field.id.into())
}

/// One breach of one rule.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The rule.
    pub rule: &'static Rule,
    /// The side the element is on: new, unless it is gone.
    pub era: Era,
    /// The element.
    pub element: ElementId,
    /// Where the reader should look; nowhere where the file is gone.
    pub spot: Option<Spot>,
    /// The file of the old element, where there is one.
    pub against: Option<FileId>,
    /// What changed, in one line.
    pub message: String,
    /// What readers see, where the rule is about bytes. A wire demand that is
    /// not given follows from it.
    pub effects: Option<Effects>,
    /// What is asked of the release, channel by channel. Where nothing is
    /// given: what the effects ask for, and a major in the other channels of
    /// the rule.
    pub demands: Vec<(Channel, Demand)>,
    /// What a writer has to set to show the effects.
    pub probe: Option<Probe>,
    /// A method that one side calls and the other does not serve.
    pub call: Option<(Era, MethodId)>,
    /// It counts only where a message is known to travel both ways.
    pub passed_on: bool,
}

impl Hit {
    /// Says what shows the effects.
    pub(crate) fn shown_by(&mut self, probe: impl Into<Option<Probe>>) -> &mut Self {
        self.probe = probe.into();
        self
    }

    /// Says which call shows the effects, and who makes it.
    pub(crate) fn shown_by_call(&mut self, caller: Era, method: MethodId) -> &mut Self {
        self.call = Some((caller, method));
        self
    }

    /// Says that it counts only where a message is known to travel both ways.
    pub(crate) fn where_passed_on(&mut self) -> &mut Self {
        self.passed_on = true;
        self
    }

    /// Says what readers see.
    pub fn effects(&mut self, new_to_old: Effect, old_to_new: Effect) -> &mut Self {
        self.effects = Some(Effects {
            new_to_old,
            old_to_new,
        });
        self
    }

    /// What is asked of running binaries, both directions counted; `None` where
    /// the hit is of other channels alone.
    pub fn wire_demand(&self) -> Option<Demand> {
        let counts = |channel: &Channel| matches!(channel, Channel::Wire | Channel::All);
        let said = self.demands.iter().filter(|(channel, _)| counts(channel));
        if let Some(most) = said.map(|(_, demand)| *demand).max() {
            return Some(most);
        }
        let speaks = self.rule.aperio.iter().any(counts);
        speaks.then(|| {
            self.effects
                .map_or(Demand::Major, |effects| effects.worst().demand())
        })
    }

    /// Says what is asked of the release in one channel.
    pub fn demands(&mut self, channel: Channel, demand: Demand) -> &mut Self {
        self.demands.push((channel, demand));
        self
    }
}

/// Where rules put what they find.
#[derive(Debug)]
pub struct Found {
    rule: &'static Rule,
    hits: Vec<Hit>,
}

impl Found {
    pub(crate) fn new(rule: &'static Rule) -> Self {
        Found {
            rule,
            hits: Vec::new(),
        }
    }

    pub(crate) fn turn_to(&mut self, rule: &'static Rule) {
        self.rule = rule;
    }

    /// Takes over what another judge found.
    pub(crate) fn pass(&mut self, hit: Hit) {
        self.hits.push(hit);
    }

    /// What was found so far.
    pub(crate) fn hits(&self) -> &[Hit] {
        &self.hits
    }

    pub(crate) fn into_hits(self) -> Vec<Hit> {
        self.hits
    }

    /// Something about an element of the new side.
    pub fn at(
        &mut self,
        element: impl Into<ElementId>,
        spot: Spot,
        against: Option<FileId>,
        message: String,
    ) -> &mut Hit {
        self.hit(Era::New, element.into(), Some(spot), against, message)
    }

    /// Something about an element that only the old side has.
    pub fn gone(
        &mut self,
        element: impl Into<ElementId>,
        spot: Option<Spot>,
        against: FileId,
        message: String,
    ) -> &mut Hit {
        self.hit(Era::Old, element.into(), spot, Some(against), message)
    }

    fn hit(
        &mut self,
        era: Era,
        element: ElementId,
        spot: Option<Spot>,
        against: Option<FileId>,
        message: String,
    ) -> &mut Hit {
        self.hits.push(Hit {
            rule: self.rule,
            era,
            element,
            spot,
            against,
            message,
            effects: None,
            demands: Vec::new(),
            probe: None,
            call: None,
            passed_on: false,
        });
        self.hits.last_mut().expect("just pushed")
    }
}
