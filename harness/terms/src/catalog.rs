//! Everything that can be asked for by id.

use crate::Requirement;

/// Every requirement of the suites, sorted by id.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    requirements: Vec<&'static Requirement>,
}

impl Catalog {
    /// Builds the catalogue. Ids are unique; the suites' tests hold that.
    pub fn new(requirements: impl IntoIterator<Item = &'static Requirement>) -> Self {
        let mut requirements: Vec<_> = requirements.into_iter().collect();
        requirements.sort_by_key(|requirement| requirement.id);
        Catalog { requirements }
    }

    /// The requirement with this id, in any letter case.
    pub fn get(&self, id: &str) -> Option<&'static Requirement> {
        self.requirements
            .iter()
            .find(|requirement| requirement.id.eq_ignore_ascii_case(id))
            .copied()
    }

    /// All requirements, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = &'static Requirement> + '_ {
        self.requirements.iter().copied()
    }
}
