//! The text of a rule.

use compat::Rule;
use compat::rule::Judge;
use std::fmt::Write;

/// Its promise, its examples, whom it speaks for and what else fires.
pub(in crate::commands) fn explain(rule: &Rule) -> String {
    let body = rule.doc.split_once('\n').map_or("", |(_, body)| body);
    let lines: Vec<&str> = body
        .trim()
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let mut text = format!("{}  {}\n\n{}\n\n", rule.id, rule.title(), lines.join("\n"));
    let list = |head: &str, names: &[&str]| match names {
        [] => String::new(),
        names => format!("{head}: {}\n", names.join(", ")),
    };
    let channels: Vec<&str> = rule.aperio.iter().map(|channel| channel.name()).collect();
    if matches!(rule.judge, Judge::Release) {
        text.push_str("rule of aperio on the release as a whole\n");
    } else {
        let _ = write!(text, "{}", list("rule of aperio, channel", &channels));
    }
    let _ = write!(text, "{}", list("covers", rule.covers));
    let _ = write!(text, "{}", list("instead of", rule.instead_of));
    let categories: Vec<&str> = rule
        .buf
        .iter()
        .flat_map(|buf| buf.v2)
        .map(|category| category.id())
        .collect();
    let _ = write!(text, "{}", list("rule of buf", &categories));
    text
}
