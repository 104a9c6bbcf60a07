use crate::declare::rule;

rule! {
    /// Every waiver waives something, and is not expired.
    ///
    /// A waiver names one change by its fingerprint. One that nothing falls
    /// under, or whose time is over, would hide the next change of its kind:
    /// it is refused until somebody takes it out or renews it.
    "WAIVER_IN_FORCE", Release
}
