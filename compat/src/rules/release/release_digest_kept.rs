use crate::declare::rule;

rule! {
    /// A patch release keeps the digest of its minor.
    ///
    /// Every plugin of a minor repeats the digest of its descriptors, so a
    /// digest names a minor. Where the newest base is a lock, its digest is
    /// not that of the new side, and no channel asks for more than a patch,
    /// the release is a minor all the same. Comments are not part of the
    /// digest.
    "RELEASE_DIGEST_KEPT", Release
}
