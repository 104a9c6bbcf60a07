//! A requirement: one promise a plugin makes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// How much a broken promise weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A breach fails the run.
    Must,
    /// A breach is a warning; it fails the run under `--strict`.
    Should,
    /// A breach is a note and fails nothing.
    May,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
            Level::May => "MAY",
        })
    }
}

/// Whether a running plugin can be watched keeping the promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observation {
    /// A check judges it.
    Judged,
    /// Nothing a host can see would show the breach; the text says why.
    Unobservable(&'static str),
    /// Judged by other means than running a plugin; the text says by which.
    Elsewhere(&'static str),
}

/// One promise: its id, what it says, and since when it holds.
///
/// Declared once, in the file that judges it. Everything that lists
/// requirements is a projection of these values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// `AREA-NNN`; never reused.
    pub id: &'static str,
    /// The weight of a breach.
    pub level: Level,
    /// First minor of the interface that holds the promise, as `MAJOR.MINOR`.
    pub since: &'static str,
    /// First minor that no longer holds it; the id stays taken.
    pub removed: Option<&'static str>,
    /// The capability without which the promise does not apply.
    pub claims: Option<&'static str>,
    /// Whether and how it is judged.
    pub observation: Observation,
    /// The normative text: first line the title, then the rest, in Markdown.
    pub doc: &'static str,
    /// The source file that declares it.
    pub file: &'static str,
    /// The line of the declaration, from 1.
    pub line: u32,
}

impl Requirement {
    /// The prefix of the id: `HSK` of `HSK-010`.
    pub fn area(&self) -> &'static str {
        self.id.split('-').next().unwrap_or(self.id)
    }

    /// The promise in one line: the first line of [`Requirement::doc`] without
    /// its full stop, in lower case unless it opens with a name.
    pub fn title(&self) -> String {
        let line = self.doc.lines().next().unwrap_or("").trim();
        let line = line.strip_suffix('.').unwrap_or(line);
        let mut chars = line.chars();
        let (first, second) = (chars.next(), chars.next());
        let text = match (first, second) {
            (Some(a), Some(b)) if a.is_uppercase() && !b.is_uppercase() => {
                let rest = &line[a.len_utf8()..];
                format!("{}{rest}", a.to_lowercase())
            }
            _ => line.to_owned(),
        };
        text.replace('`', "")
    }

    /// The text below the title: the norm, how it is judged, usual causes.
    pub fn body(&self) -> &'static str {
        self.doc
            .split_once('\n')
            .map_or("", |(_, rest)| rest.trim_matches('\n'))
    }

    /// The normative text alone: what stands between the title and the first
    /// heading, as one paragraph.
    pub fn norm(&self) -> String {
        let words: Vec<&str> = self
            .doc
            .lines()
            .skip(1)
            .map(str::trim)
            .take_while(|line| !line.starts_with("## "))
            .flat_map(str::split_whitespace)
            .collect();
        words.join(" ")
    }

    /// The section of the doc comment under `## heading`, if it has one.
    pub fn section(&self, heading: &str) -> Option<String> {
        let mut lines = self.doc.lines().skip_while(|line| {
            line.trim()
                .strip_prefix("## ")
                .is_none_or(|found| found.trim() != heading)
        });
        lines.next()?;
        let text: Vec<&str> = lines
            .take_while(|line| !line.trim().starts_with("## "))
            .map(str::trim)
            .collect();
        Some(text.join("\n").trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requirement(doc: &'static str) -> Requirement {
        Requirement {
            id: "HSK-010",
            level: Level::Must,
            since: "1.0",
            removed: None,
            claims: None,
            observation: Observation::Judged,
            doc,
            file: "",
            line: 1,
        }
    }

    #[test]
    fn titles_lose_capital_and_full_stop_but_names_keep_theirs() {
        assert_eq!(requirement("The line ends.\nx").title(), "the line ends");
        assert_eq!(requirement("ALPN selects h2.").title(), "ALPN selects h2");
        assert_eq!(requirement("`Describe` works.").title(), "Describe works");
        assert_eq!(requirement("").title(), "");
    }

    #[test]
    fn sections_are_found_by_heading() {
        let doc = "T.\n\nNorm.\n\n## How it is judged\n\nA probe.\n\n## Usual causes\n\nNone.\n";
        assert_eq!(
            requirement(doc).section("How it is judged").as_deref(),
            Some("A probe.")
        );
        assert_eq!(
            requirement(doc).section("Usual causes").as_deref(),
            Some("None.")
        );
        assert_eq!(requirement(doc).section("Else"), None);
        assert_eq!(requirement(doc).norm(), "Norm.");
    }
}
