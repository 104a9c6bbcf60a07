//! A mistake in a text of the user's, shown where it is.

use report::escape;
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

    /// Line and column, from 1.
    pub(crate) fn place(&self, text: &str) -> (usize, usize) {
        let before = &text[..floor(text, self.span.start)];
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before[line..].chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }

    /// The mistake, its place in `name`, the line, and a caret below it. What
    /// others wrote is escaped.
    pub(crate) fn shown(&self, name: &str, text: &str) -> String {
        let (number, column) = self.place(text);
        let start = floor(text, self.span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = text[line_start..].lines().next().unwrap_or("");
        let line_end = line_start + line.len();
        let end = floor(text, self.span.end.max(start)).min(line_end);
        // Escaped apart, so that the caret stands below what it means.
        let part = |from: usize, to: usize| text.get(from..to).map_or(String::new(), escape);
        let before = part(line_start, start.min(line_end));
        let marked = part(start, end);
        let after = part(end.max(start), line_end);
        let mut shown = format!(
            "error: {}\n  --> {}:{number}:{column}\n   |\n   | {before}{marked}{after}\n   | {}{}\n",
            escape(&self.what),
            escape(name),
            " ".repeat(before.chars().count()),
            "^".repeat(marked.chars().count().max(1))
        );
        if let Some(hint) = &self.hint {
            let _ = writeln!(shown, "hint: {}", escape(hint));
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
        // What a terminal acts on is shown, and the caret moves with it.
        let mistake = Mistake::new("n\u{1b}", 2..5);
        assert_eq!(
            mistake.shown("f", "\u{1b}=\u{1b}[m\n"),
            "error: n\\x1b\n  --> f:1:3\n   |\n   | \\x1b=\\x1b[m\n   |      ^^^^^^"
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
