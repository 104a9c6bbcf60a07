//! The words of the house: requirement, verdict, finding, report, catalog.
//!
//! Everything here is a plain value. Nothing reads a file, starts a process or
//! knows how output looks. Start with [`Verdict`] and [`Requirement`].

mod catalog;
mod exit;
mod finding;
mod report;
mod requirement;
mod verdict;

pub use catalog::Catalog;
pub use exit::Exit;
pub use finding::{Direction, Evidence, Finding, Place, TranscriptLine};
pub use report::{Conclusion, Counts, Judged, Overlay, Report, Strictness, Subject};
pub use requirement::{Level, Observation, Requirement};
pub use verdict::{Judgement, Lost, Manner, SkipReason, Stopped, Trouble, Verdict};
