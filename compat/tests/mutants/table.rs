//! The changes as data.

use super::releases::{Files, HOME};
use serde::Deserialize;

#[derive(Deserialize)]
struct Table {
    mutant: Vec<Mutant>,
}

/// One change of one release.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutant {
    pub(crate) change: String,
    /// The minor that is changed.
    #[serde(default)]
    pub(crate) base: usize,
    #[serde(default)]
    pub(crate) edits: Vec<Edit>,
    pub(crate) verdict: String,
    pub(crate) wire: String,
    pub(crate) rules: Vec<String>,
    buf_file: Vec<String>,
    buf_package: Option<Vec<String>>,
    buf_wire_json: Option<Vec<String>>,
    buf_wire: Option<Vec<String>>,
}

impl Mutant {
    /// What each of buf's categories says.
    pub(crate) fn by_category(&self) -> [(&'static str, &[String]); 4] {
        [
            ("FILE", &self.buf_file),
            (
                "PACKAGE",
                self.buf_package.as_ref().unwrap_or(&self.buf_file),
            ),
            (
                "WIRE_JSON",
                self.buf_wire_json.as_ref().unwrap_or(&self.buf_file),
            ),
            ("WIRE", self.buf_wire.as_ref().unwrap_or(&self.buf_file)),
        ]
    }
}

/// A text that stands for another, once or everywhere.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edit {
    file: String,
    find: String,
    replace: String,
    #[serde(default)]
    every: bool,
}

impl Edit {
    pub(crate) fn make(&self, files: &mut Files) {
        let end = format!("/{}.proto", self.file);
        let mut made = false;
        for (path, text) in files {
            if path.ends_with(&end) || self.file == "*" && path.starts_with(HOME) {
                let count = text.matches(&self.find).count();
                let right = if self.every {
                    self.file == "*" || count > 0
                } else {
                    count == 1
                };
                assert!(right, "{path} has this {count} times: {}", self.find);
                *text = text.replace(&self.find, &self.replace);
                made = true;
            }
        }
        assert!(made, "there is no {}", self.file);
    }
}

pub(crate) fn mutants() -> Vec<Mutant> {
    let table: Table = toml::from_str(include_str!("changes.toml")).unwrap();
    table.mutant
}

#[derive(Deserialize)]
struct Major {
    edits: Vec<Edit>,
}

/// What the next major does to 1.2.
pub(crate) fn next_major() -> Vec<Edit> {
    let major: Major = toml::from_str(include_str!("next_major.toml")).unwrap();
    major.edits
}
