//! Runs checks against one plugin and makes a report of what they say.
//!
//! It knows cases, threads and policy; it knows no requirement by id except
//! those the suite's [`Roots`] names. Start with [`run`].

mod case;
mod check;
mod conclusion;
mod execute;
mod loans;

pub use case::Case;
pub use check::{Check, Judge, Judging, Over, Pace, Roots};
pub use conclusion::{Circumstances, conclude, count};
pub use execute::{Event, Selection, run};
