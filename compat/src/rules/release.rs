//! The rules on a release as a whole. They have no pair of elements to look
//! at: `aperio` judges them when everything else is known.

use crate::declare::rules;

rules! {
    package_suffix_is_major,
    release_digest_kept,
    release_lock_unchanged,
    version_declared_sufficient,
    version_not_overbumped,
    waiver_in_force,
}

pub(crate) use package_suffix_is_major::RULE as PACKAGE_SUFFIX_IS_MAJOR;
pub(crate) use release_digest_kept::RULE as RELEASE_DIGEST_KEPT;
pub(crate) use release_lock_unchanged::RULE as RELEASE_LOCK_UNCHANGED;
pub(crate) use version_declared_sufficient::RULE as VERSION_DECLARED_SUFFICIENT;
pub(crate) use version_not_overbumped::RULE as VERSION_NOT_OVERBUMPED;
pub(crate) use waiver_in_force::RULE as WAIVER_IN_FORCE;
