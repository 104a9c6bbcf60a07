//! What holds of every comparison.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "editions/protoc.rs"]
mod protoc;
#[path = "fold/side.rs"]
mod side;
#[path = "laws/translated.rs"]
mod translated;

use compat::aperio::Outcome;
use compat::effect::{Effect, Effects};
use compat::load::{Input, Loaded, Protox, Roots};
use compat::{Bump, Channel, policy};
use side::{Ask, loaded, one, told};
use std::collections::BTreeMap;

fn everywhere() -> Ask {
    let mut ask = Ask::default();
    ask.policy.channels = policy::CHANNELS.into_iter().collect();
    ask
}

/// Pairs of texts with one change of bytes.
const CHANGES: &[(&str, &str)] = &[
    ("int64 a = 1;", "int32 a = 1;"),
    ("int32 a = 1;", "bool a = 1;"),
    ("int32 a = 1;", "sint32 a = 1;"),
    ("int32 a = 1;", "string a = 1;"),
    ("string a = 1;", "bytes a = 1;"),
    ("string a = 1;", "repeated string a = 1;"),
    ("fixed32 a = 1;", "float a = 1;"),
    ("N a = 1;", "bytes a = 1;"),
    ("int32 a = 1; int32 b = 2;", "int32 b = 1; int32 a = 2;"),
    (
        "int32 a = 1; int32 b = 2;",
        "oneof o { int32 a = 1; int32 b = 2; }",
    ),
];

fn message(fields: &str) -> String {
    format!(
        "message M {{ {fields} }} message N {{ int32 x = 1; }}
         service Box {{ rpc Call(M) returns (M); }}"
    )
}

/// What readers see, by rule. Presence is a promise and no byte: who takes it
/// back breaks it, whichever way the message goes.
fn effects(outcome: &Outcome) -> BTreeMap<&'static str, Effects> {
    let mut effects: BTreeMap<_, Effects> = BTreeMap::new();
    for finding in &outcome.findings {
        if finding.rule.id == "FIELD_PRESENCE_COMPATIBLE" {
            continue;
        }
        if let Some(seen) = finding.effects {
            let known = effects.entry(finding.rule.id).or_default();
            *known = known.join(seen);
        }
    }
    effects
}

#[test]
fn swapping_the_sides_swaps_the_directions() {
    for (old, new) in CHANGES {
        let (old, new) = (message(old), message(new));
        let there = effects(&Ask::default().texts(&old, &new));
        let back = effects(&Ask::default().texts(&new, &old));
        let swapped: BTreeMap<_, _> = back
            .into_iter()
            .map(|(rule, effects)| {
                let effects = Effects {
                    new_to_old: effects.old_to_new,
                    old_to_new: effects.new_to_old,
                };
                (rule, effects)
            })
            .collect();
        assert!(!there.is_empty(), "{old} {new}");
        assert_eq!(there, swapped, "{old}\n{new}");
    }
}

#[test]
fn nothing_is_said_of_what_is_equal() {
    for (old, _) in CHANGES {
        let outcome = everywhere().texts(&message(old), &message(old));
        assert_eq!(told(&outcome), [""; 0]);
        assert_eq!(outcome.overall, Bump::None);
    }
}

#[test]
fn order_says_nothing() {
    let old = [
        (
            "b.proto",
            "message B { int32 x = 1; string y = 2; } message C { B b = 1; }",
        ),
        (
            "a.proto",
            "import \"b.proto\"; import \"c.proto\"; message A { C c = 1; }",
        ),
        ("c.proto", "message D {} enum E { ZERO = 0; }"),
    ];
    let new = [
        ("c.proto", "enum E { ZERO = 0; } message D {}"),
        (
            "a.proto",
            "import \"c.proto\"; import \"b.proto\"; message A { C c = 1; }",
        ),
        (
            "b.proto",
            "message C { B b = 1; } message B { string y = 2; int32 x = 1; }",
        ),
    ];
    let mut ask = everywhere();
    // Another order of declarations is another digest, and no more.
    let outcome = ask.of(&[("old", &loaded(&old))], &loaded(&new));
    assert!(outcome.overall <= Bump::Patch, "{:?}", told(&outcome));
    ask.policy.channels = [Channel::Wire].into();
    for changed in [&new[..], &old[..]] {
        let mut broken = changed.to_vec();
        let at = broken
            .iter()
            .position(|(path, _)| *path == "b.proto")
            .unwrap();
        let text = broken[at].1.replace("int32 x", "string x");
        broken[at].1 = &text;
        let outcome = ask.of(&[("old", &loaded(&old))], &loaded(&broken));
        let majors: Vec<String> = told(&outcome)
            .into_iter()
            .filter(|line| line.contains(" major wire"))
            .collect();
        assert_eq!(majors, ["FIELD_SAME_WIRE_TYPE major wire p.v1.B.x"]);
    }
}

#[test]
fn comments_are_comments() {
    let outcome = everywhere().texts(
        "message M { int32 a = 1; }",
        "// One.\nmessage M {\n  // Two.\n  int32 a = 1; // Three.\n}",
    );
    let told = told(&outcome);
    assert!(
        !told.is_empty()
            && told
                .iter()
                .all(|line| line.contains("COMMENT_CHANGED patch")),
        "{told:?}"
    );
    assert_eq!(outcome.overall, Bump::Patch);
}

#[test]
fn a_name_changed_everywhere_moves_no_byte() {
    let text = "message M { Inner one = 1; repeated Inner many = 2; map<string, Inner> named = 3;
          oneof o { Inner arm = 4; } Kind kind = 5; }
        message Inner { Inner next = 1; Kind kind = 2; } enum Kind { ZERO = 0; ONE = 1; }
        service Box { rpc Call(M) returns (Inner); rpc Stream(stream Inner) returns (stream M); }";
    let renamed = text.replace("Inner", "Other").replace("Kind", "Sort");
    let outcome = Ask::default().texts(text, &renamed);
    assert_eq!(outcome.overall, Bump::Patch, "{:?}", told(&outcome));
    for cell in &outcome.cells {
        assert_eq!(cell.worst, Effect::Same);
    }
}

#[test]
fn text_set_and_image_are_one() {
    let old = one(&message("int64 a = 1; optional int32 b = 2;"));
    let new = one(&message("int32 a = 1; int32 b = 2;"));
    // What a compiler writes without marks of imports is the set itself; packed,
    // it is the same.
    let bytes = |loaded: &Loaded| {
        Input::Bytes(loaded.bytes.clone())
            .load(&Roots::default(), &Protox)
            .unwrap()
    };
    let text = told(&everywhere().of(&[("old", &old)], &new));
    let (old_set, new_set) = (bytes(&old), bytes(&new));
    for (old, new) in [(&old_set, &new_set), (&old, &new_set), (&old_set, &new)] {
        assert_eq!(told(&everywhere().of(&[("old", old)], new)), text);
    }
    assert!(
        text.iter()
            .any(|line| line.starts_with("FIELD_RANGE_COMPATIBLE"))
    );
}

/// What is said of running binaries and of JSON. Another text of the same
/// meaning is a patch, and counts in every channel: its digest is another one.
fn of_wire_and_json(old: &Loaded, new: &Loaded) -> Vec<String> {
    let mut ask = Ask::default();
    ask.policy.channels = [Channel::Wire, Channel::Json].into();
    let outcome = ask.of(&[("old", old)], new);
    let mut told = told(&outcome);
    told.retain(|line| !line.starts_with("NEUTRAL_CHANGE patch all "));
    if told.is_empty() {
        assert_eq!(outcome.overall, Bump::Patch);
        for cell in &outcome.cells {
            assert_eq!(cell.worst, Effect::Same);
        }
    }
    told
}

/// A syntax is a set of defaults; an edition that says the same means the same.
#[test]
fn a_translation_into_an_edition_moves_no_byte() {
    for pair in translated::all() {
        for (old, new) in [(&pair.own, &pair.edition), (&pair.edition, &pair.own)] {
            assert_eq!(of_wire_and_json(old, new), [""; 0], "{}", pair.syntax);
        }
    }
}

/// What a translation leaves to the defaults of the edition is a change, and
/// seen, one way or both.
#[test]
fn a_default_of_the_edition_is_seen() {
    let rules = |old: &Loaded, new: &Loaded| {
        let mut rules: Vec<String> = of_wire_and_json(old, new)
            .iter()
            .filter_map(|line| Some(line.rsplit_once(' ')?.0.to_owned()))
            .filter(|line| !line.starts_with("VERSION_DECLARED_SUFFICIENT"))
            .collect();
        rules.sort();
        rules.dedup();
        rules
    };
    let [proto3, proto2] = translated::all();
    // Presence is explicit: a promise that may be given, and not be taken back.
    let gained = rules(&proto3.own, &proto3.bare);
    assert_eq!(gained, ["FIELD_PRESENCE_COMPATIBLE minor wire"]);
    let lost = rules(&proto3.bare, &proto3.own);
    assert_eq!(lost, ["FIELD_PRESENCE_COMPATIBLE major wire"]);
    // Enums are open and strings are UTF-8: one side refuses or loses what the
    // other writes. Lists are packed, which every reader takes.
    let both = [
        "ENUM_SAME_TYPE major wire",
        "FIELD_UTF8_COMPATIBLE major wire",
    ];
    assert_eq!(rules(&proto2.own, &proto2.bare), both);
    // JSON is promised, and the promise taken back.
    let with_json = [
        "ENUM_SAME_JSON_FORMAT major json",
        both[0],
        both[1],
        "MESSAGE_SAME_JSON_FORMAT major json",
    ];
    assert_eq!(rules(&proto2.bare, &proto2.own), with_json);
}
