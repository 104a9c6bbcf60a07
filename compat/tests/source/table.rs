//! The cases, and the texts of both sides of each.

use compat::Era;
use libtest_mimic::Failed;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Texts by path.
pub(crate) type Files = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Table {
    case: Vec<Case>,
}

/// What becomes of code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Code {
    Builds,
    Breaks,
}

/// One change.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    pub(crate) change: String,
    pub(crate) rules: Vec<String>,
    pub(crate) go: Code,
    pub(crate) py: Code,
    old: Option<String>,
    new: Option<String>,
    b_old: Option<String>,
    b_new: Option<String>,
    user: Option<String>,
    #[serde(skip)]
    pub(crate) folder: String,
}

/// What all Go packages begin with.
pub(crate) const MODULE: &str = "cases.test";

impl Case {
    /// The files of one side.
    pub(crate) fn files(&self, era: Era) -> Files {
        let texts = match era {
            Era::Old => [("a", &self.old), ("b", &self.b_old)],
            Era::New => [("a", &self.new), ("b", &self.b_new)],
        };
        let texts = texts.into_iter().filter_map(|(name, text)| {
            let path = format!("{}/{name}.proto", self.folder);
            Some((path, self.whole(text.as_ref()?)))
        });
        texts.collect()
    }

    /// The file that imports the others, where the case has one.
    pub(crate) fn user(&self) -> Option<(String, String)> {
        let text = self.whole(self.user.as_ref()?);
        Some((format!("{}/user.proto", self.folder), text))
    }

    /// Whether a compiler of editions has to read it.
    pub(crate) fn has_edition(&self) -> bool {
        let mut files = self.files(Era::Old).into_values();
        files.any(|text| text.starts_with("edition"))
    }

    fn whole(&self, text: &str) -> String {
        let package = self.folder.replace('/', ".");
        let (head, rest) = match text.split_once(";\n") {
            Some((head, rest)) if head.starts_with("syntax") || head.starts_with("edition") => {
                (head, rest)
            }
            _ => ("syntax = \"proto3\"", text),
        };
        let go = if rest.contains("option go_package") {
            ""
        } else {
            "option go_package = \"GO/pb\";\n"
        };
        format!("{head};\npackage {package};\n{go}{rest}\n")
            .replace("HOME", &self.folder)
            .replace("PACKAGE", &package)
            .replace("GO/", &format!("{MODULE}/{}/", self.folder))
    }
}

pub(crate) fn cases() -> Result<Vec<Case>, Failed> {
    let table: Table = toml::from_str(include_str!("cases.toml"))?;
    let mut cases = table.case;
    for (at, case) in cases.iter_mut().enumerate() {
        case.folder = format!("c{at:02}/v1");
    }
    Ok(cases)
}

/// The Go package that a text names, without the module.
pub(crate) fn go_package(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("option go_package = \"")?;
    let (path, _) = rest.split_once('"')?;
    path.strip_prefix(MODULE)?.strip_prefix('/')
}
