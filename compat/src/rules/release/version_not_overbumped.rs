use crate::declare::rule;

rule! {
    /// The declared version says no more than happened.
    ///
    /// A major costs everybody work. Where the changes ask for less than what
    /// is declared, that is worth knowing, and no more than a note.
    "VERSION_NOT_OVERBUMPED", Release
}
