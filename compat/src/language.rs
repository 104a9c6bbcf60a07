//! Languages of patterns: whether one holds all of another, and texts that are
//! in both.
//!
//! A pattern is RE2 and is matched in full. Both become automata of bounded
//! size, and the pairs of their states are walked breadth first; the first
//! pair that is looked for gives a shortest text.

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};
use std::collections::HashSet;

/// Bytes of one automaton, and of the work to make it.
const AUTOMATON: usize = 1 << 20;

/// Pairs of states that are walked.
const PAIRS: usize = 1 << 14;

/// How the languages of two patterns stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inclusion {
    /// The new one holds every text of the old one.
    Holds,
    /// It lacks this text.
    Lacks(String),
    /// One of the patterns is none that is understood here, or they are too
    /// large.
    Undecided,
}

/// Whether the language of `new` holds that of `old`. No pattern is the
/// language of every text.
pub(crate) fn inclusion(old: Option<&str>, new: Option<&str>) -> Inclusion {
    let (Some(old), Some(new)) = (automaton(old), automaton(new)) else {
        return Inclusion::Undecided;
    };
    match walk(&old, &new, 0, |old, new| old && !new) {
        Ok(Some(text)) => Inclusion::Lacks(text),
        Ok(None) => Inclusion::Holds,
        Err(TooLarge) => Inclusion::Undecided,
    }
}

/// A shortest text, but not an empty one, that two patterns take. `None` where
/// there is none, or none is found within bounds.
pub(crate) fn shared(one: Option<&str>, other: Option<&str>) -> Option<String> {
    let (one, other) = (automaton(one)?, automaton(other)?);
    walk(&one, &other, 1, |one, other| one && other).ok()?
}

type Dfa = dense::DFA<Vec<u32>>;

fn automaton(pattern: Option<&str>) -> Option<Dfa> {
    let pattern = translated(pattern.unwrap_or("(?s:.*)"))?;
    // Alone first: what is no pattern must not become one inside brackets.
    let syntax = syntax::Config::new().nest_limit(100);
    syntax::parse_with(&pattern, &syntax).ok()?;
    dense::Builder::new()
        .syntax(syntax)
        .thompson(thompson::Config::new().nfa_size_limit(Some(AUTOMATON)))
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Anchored)
                .match_kind(MatchKind::All)
                .dfa_size_limit(Some(AUTOMATON))
                .determinize_size_limit(Some(AUTOMATON)),
        )
        .build(&format!("(?:{pattern})\\z"))
        .ok()
}

/// The pattern as this library spells it: RE2's classes of digits, words and
/// spaces are ASCII, and a bracket, `&` or `~` inside a class means itself.
fn translated(pattern: &str) -> Option<String> {
    let mut text = String::with_capacity(pattern.len() + 16);
    let mut chars = pattern.chars().peekable();
    let mut class = false;
    while let Some(char) = chars.next() {
        match char {
            '\\' => match chars.next()? {
                'd' => text.push_str("[0-9]"),
                'D' => text.push_str("[^0-9]"),
                'w' => text.push_str("[0-9A-Za-z_]"),
                'W' => text.push_str("[^0-9A-Za-z_]"),
                's' => text.push_str("[\\t\\n\\f\\r ]"),
                'S' => text.push_str("[^\\t\\n\\f\\r ]"),
                'b' => text.push_str("(?-u:\\b)"),
                // Quoting, single bytes and back references are not read here.
                'Q' | 'C' | 'B' | '0'..='9' => return None,
                other => {
                    text.push('\\');
                    text.push(other);
                }
            },
            '[' if !class => {
                class = true;
                text.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    text.push('^');
                }
                // A bracket that comes first means itself.
                if chars.next_if_eq(&']').is_some() {
                    text.push_str("\\]");
                }
            }
            '[' if chars.peek() == Some(&':') => {
                text.push('[');
                for inner in chars.by_ref() {
                    text.push(inner);
                    if inner == ']' {
                        break;
                    }
                }
            }
            '[' | '&' | '~' if class => {
                text.push('\\');
                text.push(char);
            }
            // The other library would take away what follows.
            '-' if class && chars.peek() == Some(&'-') => return None,
            ']' => {
                class = false;
                text.push(']');
            }
            other => text.push(other),
        }
    }
    Some(text)
}

/// Bytes in the order in which they make a readable text.
fn readable() -> impl Iterator<Item = u8> {
    let rest = (b' '..=b'~').filter(|byte| !byte.is_ascii_alphanumeric());
    let others = (0..=u8::MAX).filter(|byte| !(b' '..=b'~').contains(byte));
    (b'a'..=b'z')
        .chain(b'A'..=b'Z')
        .chain(b'0'..=b'9')
        .chain(rest)
        .chain(others)
}

/// A state of either automaton.
type States = (StateID, StateID);

/// A walk cannot say.
struct TooLarge;

/// A shortest text of `least` bytes or more behind which the one accepts and
/// the other does as is wanted.
fn walk(
    one: &Dfa,
    other: &Dfa,
    least: usize,
    wanted: impl Fn(bool, bool) -> bool,
) -> Result<Option<String>, TooLarge> {
    let anchored = start::Config::new().anchored(Anchored::Yes);
    let start = |dfa: &Dfa| dfa.start_state(&anchored).map_err(|_| TooLarge);
    let first = (start(one)?, start(other)?);
    let accepts = |dfa: &Dfa, state: StateID| dfa.is_match_state(dfa.next_eoi_state(state));
    // One byte stands for all that neither automaton tells apart.
    let classes = (one.byte_classes(), other.byte_classes());
    let mut met = HashSet::new();
    let bytes: Vec<u8> = readable()
        .filter(|byte| {
            let class = (classes.0.get(*byte), classes.1.get(*byte));
            met.insert(class)
        })
        .collect();
    // The places of the walk: the states, from which place and by which byte
    // they were reached.
    let mut places: Vec<(States, Option<(usize, u8)>)> = vec![(first, None)];
    let mut known = HashSet::new();
    if least == 0 {
        known.insert(first);
    }
    let mut at = 0;
    while let Some((pair, came)) = places.get(at).copied() {
        if one.is_quit_state(pair.0) || other.is_quit_state(pair.1) {
            return Err(TooLarge);
        }
        let long = least == 0 || came.is_some();
        if long && wanted(accepts(one, pair.0), accepts(other, pair.1)) {
            let mut text = Vec::new();
            let mut came = came;
            while let Some((before, byte)) = came {
                text.push(byte);
                came = places[before].1;
            }
            text.reverse();
            return Ok(Some(String::from_utf8_lossy(&text).into_owned()));
        }
        for byte in &bytes {
            let next = (
                one.next_state(pair.0, *byte),
                other.next_state(pair.1, *byte),
            );
            if !one.is_dead_state(next.0) && known.insert(next) {
                if places.len() >= PAIRS {
                    return Err(TooLarge);
                }
                places.push((next, Some((at, *byte))));
            }
        }
        at += 1;
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacks(old: &str, new: &str) -> String {
        match inclusion(Some(old), Some(new)) {
            Inclusion::Lacks(text) => text,
            other => panic!("{old} {new}: {other:?}"),
        }
    }

    #[test]
    fn what_is_lacked_is_the_shortest_text() {
        assert_eq!(lacks("a{1,5}", "a{1,3}"), "aaaa");
        assert_eq!(lacks("[A-Z][A-Z0-9_]{1,3}", "[A-Z][A-Z0-9_]{1,2}"), "AAAA");
        assert_eq!(lacks("a*", "a+"), "");
        assert_eq!(lacks("[ab]", "a"), "b");
        assert_eq!(lacks(".", "[^é]"), "é");
        assert_eq!(lacks("(?i)a", "a"), "A");
        assert_eq!(
            inclusion(None, Some("a*")),
            Inclusion::Lacks("b".to_owned())
        );
    }

    #[test]
    fn what_is_shared_is_short_and_not_empty() {
        let of = |one: &str, other: &str| shared(Some(one), Some(other));
        assert_eq!(of("a*", "(?s:.*)"), Some("a".to_owned()));
        assert_eq!(of("[a-z0-9]{2,9}", "[0-9x]+"), Some("xx".to_owned()));
        assert_eq!(of("[A-Z]+", "[a-z]+"), None);
        assert_eq!(of("", "a*"), None);
        assert_eq!(of("(", "a"), None);
        assert_eq!(shared(Some("é"), None), Some("é".to_owned()));
        assert_eq!(shared(None, None), Some("a".to_owned()));
    }

    #[test]
    fn what_is_wider_or_equal_holds() {
        for (old, new) in [
            ("a{1,3}", "a{1,5}"),
            ("ab|ac", "a[bc]"),
            ("a[bc]", "ab|ac"),
            (r"\d", "[0-9]"),
            ("[0-9]", r"\d"),
            (r"[\w-]", r"[-[:alnum:]_]"),
            ("[[&~]", r"[~&\[]"),
            ("[]a]", r"\]|a"),
            ("a$", "a"),
            ("(?m)a", "^a"),
            ("[0-9a-f]{64}", "[0-9a-z]{1,64}"),
            ("x", "(?s:.*)"),
        ] {
            assert_eq!(
                inclusion(Some(old), Some(new)),
                Inclusion::Holds,
                "{old} {new}"
            );
        }
        assert_eq!(inclusion(Some("("), None), Inclusion::Undecided);
        assert_eq!(inclusion(Some("a"), None), Inclusion::Holds);
    }

    #[test]
    fn what_is_no_pattern_or_too_large_is_undecided() {
        for odd in [
            "(",
            "a)(b",
            r"\1",
            r"\Qa\E",
            "((a{100}){100}){100}",
            "[a--b]",
            r"\",
        ] {
            for (old, new) in [(odd, "a"), ("a", odd)] {
                assert_eq!(
                    inclusion(Some(old), Some(new)),
                    Inclusion::Undecided,
                    "{old} {new}"
                );
            }
        }
        let deep = "(".repeat(10_000) + "a" + &")".repeat(10_000);
        assert_eq!(inclusion(Some(&deep), Some("a")), Inclusion::Undecided);
    }
}
