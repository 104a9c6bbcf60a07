//! Runs checks against one plugin and makes a report of what they say.
//!
//! It knows cases, threads and policy; it knows no requirement by id except
//! those the suite's [`Roots`] names. Start with [`survey`], [`Plan::new`] and
//! [`run`].

mod board;
mod case;
mod check;
mod claims;
mod conclusion;
mod event;
mod execute;
mod interrupt;
mod loans;
mod plan;
mod visit;

pub use case::Case;
pub use check::{Check, Judge, Judging, Over, Pace, Roots};
pub use claims::{Claims, Described, survey};
pub use conclusion::{Circumstances, conclude, count};
pub use event::Event;
pub use execute::{Selection, run};
pub use interrupt::{Cause, Interrupt};
pub use plan::{Group, LeftOut, Omission, Plan, Planned};
pub use visit::visit;
