use crate::declare::rule;

rule! {
    /// A released version stays as it was released.
    ///
    /// The descriptor set of a release and its digest are written once. A lock
    /// whose bytes are not those that its digest names was edited, and what is
    /// compared with it says nothing. Refused at any bump; only a waiver with
    /// `approved_by` lets it pass.
    "RELEASE_LOCK_UNCHANGED", Release
}
