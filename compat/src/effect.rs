//! What a change does to a reader, and what it asks of a release.

/// What a reader of one side sees of a message of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Effect {
    /// The value.
    #[default]
    Same,
    /// A field it does not know, kept or dropped as such.
    Ignored,
    /// A number of an open enum without a name, or a oneof as unset.
    UnknownVariant,
    /// Another value, or none, without being told.
    Lossy,
    /// An error: it does not decode, the method is unknown, or an annotation
    /// demands that it is refused.
    Rejected,
}

impl Effect {
    /// The effect of a name in reports.
    pub fn named(name: &str) -> Option<Self> {
        use Effect::{Ignored, Lossy, Rejected, Same, UnknownVariant};
        let all = [Same, Ignored, UnknownVariant, Lossy, Rejected];
        all.into_iter().find(|effect| effect.name() == name)
    }

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Effect::Same => "same",
            Effect::Ignored => "ignored",
            Effect::UnknownVariant => "unknown-variant",
            Effect::Lossy => "lossy",
            Effect::Rejected => "rejected",
        }
    }

    /// What such an effect asks of a release where it can be met.
    pub fn demand(self) -> Demand {
        match self {
            Effect::Same => Demand::Patch,
            Effect::Ignored | Effect::UnknownVariant => Demand::Minor,
            Effect::Lossy | Effect::Rejected => Demand::Major,
        }
    }
}

/// The effect in each direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effects {
    /// The new side writes, the old side reads.
    pub new_to_old: Effect,
    /// The old side writes, the new side reads.
    pub old_to_new: Effect,
}

impl Effects {
    /// The same in both directions.
    pub fn both(effect: Effect) -> Effects {
        Effects {
            new_to_old: effect,
            old_to_new: effect,
        }
    }

    /// The worse of both directions.
    pub fn worst(self) -> Effect {
        self.new_to_old.max(self.old_to_new)
    }

    /// The worse of two, direction by direction.
    #[must_use]
    pub fn join(self, other: Effects) -> Effects {
        Effects {
            new_to_old: self.new_to_old.max(other.new_to_old),
            old_to_new: self.old_to_new.max(other.old_to_new),
        }
    }
}

/// What a finding asks of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Demand {
    /// Nothing: it is worth knowing.
    Note,
    /// A patch at least.
    Patch,
    /// A minor at least.
    Minor,
    /// A major.
    Major,
    /// It is wrong at any bump.
    Refused,
}

impl Demand {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Demand::Note => "note",
            Demand::Patch => "patch",
            Demand::Minor => "minor",
            Demand::Major => "major",
            Demand::Refused => "refused",
        }
    }
}
