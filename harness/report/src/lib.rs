//! Reports as text: plain functions of [`terms::Report`] and of the catalogue.
//!
//! Everything a plugin chose goes through [`escape`]; nothing here prints.

mod catalog;
mod escape;
mod json;
mod matrix;
mod pretty;

pub use catalog::{explain, spec_json, spec_markdown};
pub use escape::{capped, escape};
pub use json::json;
pub use matrix::{MatrixRow, matrix_markdown};
pub use pretty::{Style, pretty};
