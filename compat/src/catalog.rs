//! Every rule.

use crate::rule::{Channel, Rule};
use crate::rules;

/// Every rule, sorted by id.
pub fn all() -> Vec<&'static Rule> {
    let mut all: Vec<_> = rules::buf::rules().collect();
    all.extend(rules::release::RULES);
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
    rules.filter(move |rule| rule.aperio.iter().any(speaks))
}
