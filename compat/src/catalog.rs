//! Every rule.

use crate::rule::Rule;
use crate::rules;

/// Every rule, sorted by id.
pub fn all() -> Vec<&'static Rule> {
    let mut all: Vec<_> = rules::buf::rules()
        .chain(rules::wire::RULES.iter().copied())
        .collect();
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
