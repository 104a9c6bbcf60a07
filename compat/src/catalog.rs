//! Every rule.

use crate::rule::{Category, Channel, Rule};
use crate::rules;

/// Every rule, sorted by id.
pub fn all() -> Vec<&'static Rule> {
    let mut all: Vec<_> = rules::buf::rules().collect();
    all.extend(rules::annotation::rules());
    all.extend(rules::json::rules());
    all.extend(rules::release::RULES);
    all.extend(rules::source::rules());
    all.extend(rules::wire::RULES.iter().copied());
    all.sort_by_key(|rule| rule.id);
    all
}

/// The rule with this id, in any letter case.
pub fn find(id: &str) -> Option<&'static Rule> {
    all()
        .into_iter()
        .find(|rule| rule.id.eq_ignore_ascii_case(id))
}

/// The rules of rulebook `buf`, sorted by id.
pub fn buf() -> impl Iterator<Item = &'static Rule> {
    all().into_iter().filter(|rule| rule.buf.is_some())
}

/// The rules of rulebook `aperio` that speak for one of these channels,
/// sorted by id.
pub fn aperio(channels: &[Channel]) -> impl Iterator<Item = &'static Rule> {
    let speaks = |channel: &Channel| *channel == Channel::All || channels.contains(channel);
    let rules = all().into_iter();
    rules.filter(move |rule| {
        rule.aperio.iter().any(speaks) || channels.contains(&Channel::Source) && is_source(rule)
    })
}

/// Whether a rule is about annotations, which bytes do not show.
pub(crate) fn is_annotation(rule: &Rule) -> bool {
    rules::annotation::rules().any(|one| one.id == rule.id)
}

/// Whether a rule is one of buf's that speak for the channel `source`: those of
/// its two strictest categories, which ask what becomes of generated code in
/// any language. What one of them finds asks for a major there.
pub fn is_source(rule: &Rule) -> bool {
    let strict = |category: &Category| matches!(category, Category::File | Category::Package);
    rule.buf.is_some_and(|buf| buf.v2.iter().any(strict))
}

/// All of those, sorted by id.
pub fn source() -> impl Iterator<Item = &'static Rule> {
    buf().filter(|rule| is_source(rule))
}
