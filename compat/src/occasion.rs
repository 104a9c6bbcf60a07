//! What a comparison is about, beside its two sets.

use crate::model::DescriptorSet;
use crate::policy::Payload;
use semver::Version;

/// Which releases are compared, and what the interface allows itself.
#[derive(Debug, Clone, Default)]
pub struct Occasion<'w> {
    /// The version of the old side, where it has one.
    pub base: Option<Version>,
    /// The version the new side wants to be, where it says so.
    pub declared: Option<Version>,
    /// The released versions of the same major, oldest first; those after the
    /// base too.
    pub released: Vec<(Version, &'w DescriptorSet<'w>)>,
    /// An added method or arm of a oneof that no gate guards asks for a major.
    /// `None`: where the annotations are used.
    pub unguarded_denied: Option<bool>,
    /// A retired element may be deleted in a minor once this many released
    /// minors have shown it as deprecated; never where nothing is said.
    pub deletion_after: Option<u32>,
    /// What is inside fields that do not name its type.
    pub payload: &'w [Payload],
    /// Messages that travel in the details of a status.
    pub status_details: &'w [String],
}
