//! The table of one-change experiments, and the two sides of each.

use libtest_mimic::Failed;
use serde::Deserialize;
use std::collections::BTreeMap;

pub(crate) type Files = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Table {
    experiment: Vec<Experiment>,
}

/// One change, what each category of buf says of it, and what ours says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "each test reads the columns of its rulebook")]
pub(crate) struct Experiment {
    pub(crate) change: String,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
    pub(crate) b_old: Option<String>,
    pub(crate) b_new: Option<String>,
    pub(crate) file: Vec<String>,
    pub(crate) package: Option<Vec<String>>,
    pub(crate) wire_json: Option<Vec<String>>,
    pub(crate) wire: Option<Vec<String>>,
    pub(crate) ours: Ours,
}

pub(crate) fn experiments() -> Result<Vec<Experiment>, Failed> {
    let table: Table = toml::from_str(include_str!("experiments.toml"))?;
    Ok(table.experiment)
}

/// What rulebook `aperio` says, without configuration and annotations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[allow(dead_code, reason = "as above")]
pub(crate) struct Ours {
    /// What running binaries ask for.
    pub(crate) wire: String,
    /// The rules that decide it.
    pub(crate) rules: Vec<String>,
    /// The rule that asks for a major where nothing may be added unguarded.
    pub(crate) denied: Option<String>,
    pub(crate) json: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) source_go: Option<String>,
    pub(crate) source_py: Option<String>,
}

impl Experiment {
    fn side(files: [(&str, &Option<String>); 2]) -> Files {
        let texts = files.into_iter().filter_map(|(name, text)| {
            let text = text.as_ref()?;
            let mut head = String::new();
            if !text.contains("syntax =") && !text.contains("edition =") {
                head.push_str("syntax = \"proto3\";\n");
            }
            let mut text = text.clone();
            if !text.contains("package p.") {
                let at = if text.starts_with("syntax") || text.starts_with("edition") {
                    text.find('\n').unwrap() + 1
                } else {
                    0
                };
                text.insert_str(at, "package p.v1;\n");
            }
            Some((name.to_owned(), head + &text))
        });
        texts.collect()
    }

    pub(crate) fn sides(&self) -> (Files, Files) {
        (
            Self::side([("a.proto", &self.old), ("b.proto", &self.b_old)]),
            Self::side([("a.proto", &self.new), ("b.proto", &self.b_new)]),
        )
    }

    pub(crate) fn has_edition(&self) -> bool {
        let (old, new) = self.sides();
        let mut texts = old.values().chain(new.values());
        texts.any(|text| text.starts_with("edition"))
    }
}

/// The words of a change as a file's name.
pub(crate) fn slug(change: &str) -> String {
    let word = |word: &str| word.to_lowercase().replace([':', ','], "");
    let words: Vec<String> = change.split(' ').map(word).collect();
    words.join("-")
}
