//! Reports as text: plain functions of [`terms::Report`] and of the catalogue.
//!
//! Everything a plugin chose goes through [`escape`]; nothing here prints.

mod catalog;
mod coverage;
mod escape;
mod github;
mod json;
mod matrix;
mod pretty;

pub use catalog::{explain, spec_json, spec_markdown};
pub use coverage::{Coverage, coverage_json, coverage_markdown};
pub use escape::{capped, escape};
pub use github::{Annotation, annotations, github, summary};
pub use json::json;
pub use matrix::{MatrixRow, matrix_markdown};
pub use pretty::{Style, conclusion, failure_block, pretty, pretty_end, pretty_head, pretty_line};
