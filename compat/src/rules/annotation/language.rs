//! Languages of patterns: whether one holds all of another.
//!
//! A pattern is RE2 and is matched in full. Both become automata of bounded
//! size, and the pairs of their states are walked breadth first; the first
//! pair that accepts on one side alone gives a shortest text of difference.

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind};
use std::collections::{HashMap, HashSet, VecDeque};

/// Bytes of one automaton, and of the work to make it.
const AUTOMATON: usize = 1 << 20;

/// Pairs of states that are walked.
const PAIRS: usize = 1 << 14;

/// How the languages of two patterns stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Inclusion {
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
pub(super) fn inclusion(old: Option<&str>, new: Option<&str>) -> Inclusion {
    let (Some(old), Some(new)) = (automaton(old), automaton(new)) else {
        return Inclusion::Undecided;
    };
    walk(&old, &new).unwrap_or(Inclusion::Undecided)
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

/// A state of either automaton: a place of the walk, which remembers from where
/// and by which byte it came there.
type States = (StateID, StateID);

/// `None` where a walk cannot say.
fn walk(old: &Dfa, new: &Dfa) -> Option<Inclusion> {
    let anchored = start::Config::new().anchored(Anchored::Yes);
    let first = (
        old.start_state(&anchored).ok()?,
        new.start_state(&anchored).ok()?,
    );
    let accepts = |dfa: &Dfa, state: StateID| dfa.is_match_state(dfa.next_eoi_state(state));
    // One byte stands for all that neither automaton tells apart.
    let classes = (old.byte_classes(), new.byte_classes());
    let mut met = HashSet::new();
    let bytes: Vec<u8> = readable()
        .filter(|byte| {
            let class = (classes.0.get(*byte), classes.1.get(*byte));
            met.insert(class)
        })
        .collect();
    let mut came: HashMap<States, Option<(States, u8)>> = HashMap::new();
    came.insert(first, None);
    let mut queue = VecDeque::from([first]);
    while let Some(pair) = queue.pop_front() {
        if old.is_quit_state(pair.0) || new.is_quit_state(pair.1) {
            return None;
        }
        if accepts(old, pair.0) && !accepts(new, pair.1) {
            let mut text = Vec::new();
            let mut at = pair;
            while let Some((before, byte)) = came[&at] {
                text.push(byte);
                at = before;
            }
            text.reverse();
            return Some(Inclusion::Lacks(
                String::from_utf8_lossy(&text).into_owned(),
            ));
        }
        for byte in &bytes {
            let next = (old.next_state(pair.0, *byte), new.next_state(pair.1, *byte));
            if !old.is_dead_state(next.0) && !came.contains_key(&next) {
                if came.len() >= PAIRS {
                    return None;
                }
                came.insert(next, Some((pair, *byte)));
                queue.push_back(next);
            }
        }
    }
    Some(Inclusion::Holds)
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
