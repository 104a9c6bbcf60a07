//! From what the user names to a closed set of descriptors: the files of one
//! side with everything they import, as bytes.
//!
//! Text goes through a [`FrontEnd`]; descriptor sets and buf images are taken
//! as they are. Either way a set ends as bytes, so what follows has one path.

pub mod file;
mod front;
mod link;
mod mend;
mod set;
mod sources;
mod tree;

pub use front::{FrontEnd, Protox};
pub use set::{Input, Loaded, Roots};
pub use sources::{Root, Sources};
pub use tree::Tree;

pub(crate) use sources::join;
pub(crate) use tree::below;

use std::fmt;
use terms::Exit;

/// What a load that failed means for the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The name names nothing.
    Usage,
    /// The input may be right, but nobody here can read it.
    Unjudged,
    /// There is nothing in it.
    NothingSelected,
    /// The input is wrong.
    BadInput,
    /// What releases are forbids it: a lock was edited, or would be.
    Refused,
}

impl Failure {
    /// The exit code of a run that ends so.
    pub fn exit(self) -> Exit {
        match self {
            Failure::Usage => Exit::Usage,
            Failure::Unjudged => Exit::CouldNotJudge,
            Failure::NothingSelected => Exit::NothingSelected,
            Failure::BadInput => Exit::BadInput,
            Failure::Refused => Exit::Breach,
        }
    }
}

/// Why a set could not be loaded, and where. The texts, but for what is drawn,
/// may hold what strangers wrote; whoever prints them escapes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// What it means for the run.
    pub failure: Failure,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// All of it with the lines that it is about, where somebody drew them:
    /// to be shown as it is.
    pub drawn: Option<String>,
    /// The file, as the user would type it.
    pub path: Option<String>,
    /// The line, from 1; 0 where it is not known.
    pub line: u32,
    /// The column, from 1; 0 where it is not known.
    pub column: u32,
    /// A sub-message stands there twice: legal bytes that want rewriting.
    pub(crate) merged: bool,
}

impl LoadError {
    /// A failure without a place.
    pub fn new(failure: Failure, message: impl Into<String>) -> Self {
        LoadError {
            failure,
            message: message.into(),
            hint: None,
            drawn: None,
            path: None,
            line: 0,
            column: 0,
            merged: false,
        }
    }

    pub(crate) fn bad(message: impl Into<String>) -> Self {
        LoadError::new(Failure::BadInput, message)
    }

    pub(crate) fn unjudged(message: impl Into<String>) -> Self {
        LoadError::new(Failure::Unjudged, message)
    }

    pub(crate) fn merged() -> Self {
        LoadError {
            merged: true,
            ..LoadError::bad("a part of a descriptor that stands once stands there twice")
        }
    }

    /// Sets the file unless one is set.
    #[must_use]
    pub fn in_file(mut self, path: impl Into<String>) -> Self {
        self.path.get_or_insert_with(|| path.into());
        self
    }

    /// Sets the place in the file.
    #[must_use]
    pub fn at(mut self, line: u32, column: u32) -> Self {
        (self.line, self.column) = (line, column);
        self
    }

    /// Sets what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}:")?;
            if self.line > 0 {
                write!(f, "{}:{}:", self.line, self.column)?;
            }
            write!(f, " ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for LoadError {}
