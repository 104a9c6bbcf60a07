//! The exit codes of the whole binary.

/// Why the process ends. The number of each variant is the process exit code
/// and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Conforms, compatible, accepted, or there was nothing to object to.
    Conforms = 0,
    /// Does not conform: a promise was broken.
    Breach = 1,
    /// The command line asked for something that does not exist or combine.
    Usage = 2,
    /// No promise was seen broken, but something could not be judged.
    CouldNotJudge = 3,
    /// The selection is empty.
    NothingSelected = 4,
    /// An input file does not parse.
    BadInput = 5,
    /// The user, or a closed output, ended the run.
    Interrupted = 130,
}

impl Exit {
    /// The process exit code.
    pub const fn code(self) -> u8 {
        self as u8
    }
}
