//! A mistake in a text of the user's, shown where it is.

use std::fmt::Write;
use std::ops::Range;

/// What is wrong with which bytes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) what: String,
    pub(crate) span: Range<usize>,
    pub(crate) hint: Option<String>,
}

impl Mistake {
    pub(crate) fn new(what: impl Into<String>, span: Range<usize>) -> Self {
        Mistake {
            what: what.into(),
            span,
            hint: None,
        }
    }

    #[must_use]
    pub(crate) fn hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint;
        self
    }

    /// The mistake, its place in `name`, the line, and a caret below it.
    pub(crate) fn shown(&self, name: &str, text: &str) -> String {
        let start = floor(text, self.span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        let number = text[..start].matches('\n').count() + 1;
        let before = text[line_start..start].chars().count();
        let end = floor(text, self.span.end.max(start)).min(line_start + line.len());
        let width = text
            .get(start..end)
            .map_or(1, |part| part.chars().count().max(1));
        let mut shown = format!(
            "error: {}\n  --> {name}:{number}:{}\n   |\n   | {line}\n   | {}{}\n",
            self.what,
            before + 1,
            " ".repeat(before),
            "^".repeat(width)
        );
        if let Some(hint) = &self.hint {
            let _ = writeln!(shown, "hint: {hint}");
        }
        shown.trim_end().to_owned()
    }
}

/// The start of the character that holds this byte.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// `did you mean …?` for the nearest of some words, where one is near.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    known
        .into_iter()
        .map(|other| {
            let alike = strsim::normalized_damerau_levenshtein(
                &word.to_ascii_lowercase(),
                &other.to_ascii_lowercase(),
            );
            (alike, other)
        })
        .filter(|(alike, _)| *alike > 0.6)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, other)| format!("did you mean {other}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_mistake() {
        let mistake = Mistake::new("no", 6..9).hint(Some("yes".to_owned()));
        assert_eq!(
            mistake.shown("f", "a = 1\nbéx\n"),
            "error: no\n  --> f:2:1\n   |\n   | béx\n   | ^^\nhint: yes"
        );
        // A span beyond the text does no harm.
        assert!(Mistake::new("no", 90..99).shown("f", "x").contains("f:1:2"));
    }

    #[test]
    fn only_near_words_are_offered() {
        let known = ["start", "rpc", "shutdown"];
        assert_eq!(
            did_you_mean("strat", known).as_deref(),
            Some("did you mean start?")
        );
        assert_eq!(did_you_mean("xyz", known), None);
    }
}
