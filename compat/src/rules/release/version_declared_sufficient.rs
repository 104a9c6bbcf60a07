use crate::declare::rule;

rule! {
    /// The declared version says enough.
    ///
    /// A release rises at least as far as its changes ask, seen from every
    /// base: major where a peer or an author that kept its side is hurt, minor
    /// where the surface grew, patch where only documentation or what no peer
    /// notices changed. Before 1.0 everything moves one place to the left.
    /// Where nothing is declared the next minor is assumed.
    "VERSION_DECLARED_SUFFICIENT", Release
}
