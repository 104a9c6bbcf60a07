//! What travels inside `bytes`, `Any` and the details of a status, where no
//! field names its type.

use super::side::{Ask, loaded, told};
use super::{CALLED, plugin};
use compat::aperio::Outcome;
use compat::effect::Effect;
use compat::policy::{Payload, PayloadFormat};
use compat::witness::hex;
use compat::{Bump, Channel};

const ANY: &str = "import \"google/protobuf/any.proto\"; ";

fn asking(field: &str, types: &[&str], format: PayloadFormat) -> Ask {
    let mut ask = Ask {
        policy: plugin(),
        ..Ask::default()
    };
    ask.policy.payload = vec![Payload {
        field: field.to_owned(),
        types: types.iter().map(|name| (*name).to_owned()).collect(),
        format,
    }];
    ask
}

/// What is said of two texts that are called.
fn judged(ask: &Ask, old: &str, new: &str) -> Outcome {
    let side = |text: &str| {
        let text = format!("syntax = \"proto3\"; package p.v1; {ANY} {CALLED} {text}");
        loaded(&[("a.proto", &text)])
    };
    ask.of(&[("old", &side(old))], &side(new))
}

#[track_caller]
fn says(outcome: &Outcome, line: &str) {
    let told = told(outcome);
    assert!(told.iter().any(|told| told == line), "{told:?}");
}

#[test]
fn a_field_of_another_name_still_holds_its_payload() {
    let (old, new) = (
        "message M { bytes raw = 1; } message Inside { int64 a = 1; }",
        "message M { bytes blob = 1; } message Inside { int32 a = 1; }",
    );
    for field in ["p.v1.M.raw", "p.v1.M.blob"] {
        let ask = asking(field, &["p.v1.Inside"], PayloadFormat::Binary);
        let outcome = judged(&ask, old, new);
        says(&outcome, "FIELD_RANGE_COMPATIBLE major wire p.v1.Inside.a");
        let mut witnesses = outcome.findings.iter();
        let witness = witnesses.find_map(|finding| finding.witness.as_ref());
        let carried = witness.unwrap().carried.as_ref().unwrap();
        assert_eq!(carried.rpc, "/p.v1.Box/Call");
        assert_eq!(hex(&carried.bytes), "0a06088580808010");
    }
}

#[test]
fn a_type_that_any_names_is_not_renamed() {
    let (old, new) = (
        "message M { google.protobuf.Any a = 1; map<string, google.protobuf.Any> b = 2; }
         message Inside { int32 x = 1; }",
        "message M { google.protobuf.Any a = 1; map<string, google.protobuf.Any> b = 2; }
         message Other { int32 x = 1; }",
    );
    let line = "PAYLOAD_TYPE_NO_DELETE major wire p.v1.Inside";
    for field in ["p.v1.M.a", "p.v1.M.b"] {
        for types in [&["p.v1.Inside"][..], &["p.v1.Inside", "p.v1.Other"]] {
            let ask = asking(field, types, PayloadFormat::Binary);
            says(&judged(&ask, old, new), line);
        }
    }
    let mut ask = Ask {
        policy: plugin(),
        ..Ask::default()
    };
    let outcome = judged(&ask, old, new);
    assert_eq!(outcome.overall, Bump::Patch, "{:?}", told(&outcome));
    ask.policy.status_details = vec!["p.v1.Inside".to_owned()];
    says(&judged(&ask, old, new), line);
    // In an answer that nobody gives it is nobody's.
    let unused = |text: &str| format!("{text} message Unused {{ google.protobuf.Any a = 1; }}");
    let ask = asking("p.v1.Unused.a", &["p.v1.Inside"], PayloadFormat::Binary);
    let none = |text: &str| unused(&text.replace("message M {", "message M {} message N {"));
    let outcome = judged(&ask, &none(old), &none(new));
    assert_eq!(outcome.overall, Bump::Patch, "{:?}", told(&outcome));
}

#[test]
fn bytes_do_not_name_what_is_in_them() {
    let old = "message M { bytes raw = 1; } message Inside { int64 x = 1; }";
    let types = ["p.v1.Inside", "p.v1.Other"];
    for (now, format, bump) in [
        (
            "message Other { int64 x = 1; }",
            PayloadFormat::Binary,
            Bump::Patch,
        ),
        (
            "message Other { int64 y = 1; }",
            PayloadFormat::Binary,
            Bump::Patch,
        ),
        (
            "message Other { int32 x = 1; }",
            PayloadFormat::Binary,
            Bump::Major,
        ),
        ("", PayloadFormat::Binary, Bump::Major),
        (
            "message Other { int64 x = 2; }",
            PayloadFormat::Json,
            Bump::Minor,
        ),
        (
            "message Other { int64 y = 1; }",
            PayloadFormat::Json,
            Bump::Major,
        ),
    ] {
        let new = format!("message M {{ bytes raw = 1; }} {now}");
        let outcome = judged(&asking("p.v1.M.raw", &types, format), old, &new);
        let told = told(&outcome);
        assert_eq!(outcome.overall, bump, "{now} {format:?}: {told:?}");
    }
}

#[test]
fn a_payload_in_json_is_judged_as_json() {
    let side = |inside: &str| {
        format!("message M {{ bytes raw = 1; }} message Inside {{ {inside} }} enum E {{ Z = 0; }}")
    };
    let ask = asking("p.v1.M.raw", &["p.v1.Inside"], PayloadFormat::Json);
    for (old, new, rule) in [
        ("int32 a = 1;", "int32 b = 1;", Some("FIELD_SAME_NAME")),
        (
            "int32 a = 1;",
            "int32 a = 1 [json_name = \"b\"];",
            Some("FIELD_SAME_JSON_NAME"),
        ),
        (
            "int32 a = 1;",
            "int64 a = 1;",
            Some("FIELD_SAME_JSON_SHAPE"),
        ),
        (
            "int32 a = 1;",
            "uint32 a = 1;",
            Some("FIELD_RANGE_COMPATIBLE"),
        ),
        ("int32 a = 1;", "", Some("FIELD_NO_DELETE_UNLESS_RETIRED")),
        // Numbers and how they are written are not seen there.
        ("int32 a = 1;", "int32 a = 2;", None),
        ("int32 a = 1;", "sint32 a = 1;", None),
        ("int32 a = 1;", "float a = 1;", None),
        ("int32 a = 1;", "int32 a = 1; E e = 2;", None),
    ] {
        let outcome = judged(&ask, &side(old), &side(new));
        let told = told(&outcome);
        match rule {
            Some(rule) => {
                let line = format!("{rule} major wire p.v1.Inside");
                let mut lines = told.iter();
                assert!(lines.any(|told| told.starts_with(&line)), "{new}: {told:?}");
                let lost = outcome.cells.iter().all(|cell| cell.worst >= Effect::Lossy);
                assert!(lost || !rule.starts_with("FIELD_SAME"), "{new}: {told:?}");
            }
            None => assert!(outcome.overall < Bump::Major, "{new}: {told:?}"),
        }
        // What is json's alone stays so.
        assert_eq!(outcome.channels.len(), 1);
        assert_eq!(outcome.channels[0].0, Channel::Wire);
    }
    // What travels both ways is judged both ways.
    let both = |inside: &str| {
        format!("{} message Also {{}}", side(inside))
            .replace("bytes raw = 1;", "bytes raw = 1; Inside too = 2;")
    };
    let outcome = judged(&ask, &both("int32 a = 1;"), &both("int32 a = 2;"));
    says(&outcome, "FIELD_SAME_NUMBER major wire p.v1.Inside.a");
}

#[test]
fn what_is_passed_on_may_lose_what_is_new() {
    let text = |fields: &str| {
        format!(
            "service Box {{ rpc Get(Ask) returns (Event); rpc Put(Event) returns (Ask); }} message Ask {{ int32 q = 1; }} message Event {{ {fields} }}"
        )
    };
    let ask = Ask {
        policy: plugin(),
        ..Ask::default()
    };
    let outcome = ask.texts(&text("int32 a = 1;"), &text("int32 a = 1; int32 b = 2;"));
    assert_eq!(
        told(&outcome),
        [
            "FIELD_ADDED minor all p.v1.Event.b",
            "FIELD_PASSED_THROUGH note wire p.v1.Event.b"
        ]
    );
    assert_eq!(outcome.overall, Bump::Minor);
    // Nobody said which way it goes.
    let outcome = Ask::default().texts(&text("int32 a = 1;"), &text("int32 a = 1; int32 b = 2;"));
    assert_eq!(told(&outcome), ["FIELD_ADDED minor all p.v1.Event.b"]);
    // One way only.
    let grown = text("int32 a = 1;").replace("q = 1;", "q = 1; int32 r = 2;");
    let outcome = ask.texts(&text("int32 a = 1;"), &grown);
    let line = told(&outcome);
    let passed = line
        .iter()
        .any(|told| told.starts_with("FIELD_PASSED_THROUGH"));
    assert!(passed, "{line:?}");
    let one = |fields: &str| format!("{CALLED} message M {{ {fields} }}");
    let outcome = ask.texts(&one("int32 a = 1;"), &one("int32 a = 1; int32 b = 2;"));
    assert_eq!(told(&outcome), ["FIELD_ADDED minor all p.v1.M.b"]);
}

#[test]
fn a_field_may_become_an_extension_and_back() {
    let head = "syntax = \"proto2\"; package p.v1; service Box { rpc Call(M) returns (M); }";
    let field =
        |kind: &str| format!("{head} message M {{ optional int32 a = 1; optional {kind} b = 2; }}");
    let extension = |kind: &str| {
        format!(
            "{head} message M {{ optional int32 a = 1; extensions 2; }} extend M {{ optional {kind} b = 2; }}"
        )
    };
    let ask = Ask::default();
    for (old, new) in [
        (field("int32"), extension("int32")),
        (extension("int32"), field("int32")),
    ] {
        let outcome = ask.texts(&old, &new);
        let told = told(&outcome);
        assert_eq!(outcome.overall, Bump::Minor, "{told:?}");
        let moved = told
            .iter()
            .any(|told| told.starts_with("FIELD_EXTENSION_CHANGED"));
        assert!(moved, "{told:?}");
    }
    // The kind counts as ever.
    let outcome = ask.texts(&field("int32"), &extension("string"));
    says(&outcome, "FIELD_SAME_WIRE_TYPE major wire p.v1.b");
    let outcome = ask.texts(&extension("int64"), &field("int32"));
    says(&outcome, "FIELD_RANGE_COMPATIBLE major wire p.v1.M.b");
    // A secret stays one.
    let options = "syntax = \"proto2\"; package aperio.annotations.v1; import \"google/protobuf/descriptor.proto\"; extend google.protobuf.FieldOptions { optional bool sensitive = 50101; optional string field_since = 50102; }";
    let marked = |text: String| {
        let text = text.replace("package p.v1;", "package p.v1; import \"options.proto\";");
        loaded(&[("a.proto", &text), ("options.proto", options)])
    };
    let secret = field("int32").replace(
        "b = 2;",
        "b = 2 [(aperio.annotations.v1.sensitive) = true];",
    );
    let plain = extension("int32").replace(
        "a = 1;",
        "a = 1 [(aperio.annotations.v1.field_since) = \"1.0\"];",
    );
    let outcome = ask.of(&[("old", &marked(secret))], &marked(plain));
    says(&outcome, "FIELD_SENSITIVE_NO_REMOVE refused all p.v1.b");
    // Out of a oneof is out of what excludes it.
    let chosen = format!("{head} message M {{ oneof o {{ int32 a = 1; int32 b = 2; }} }}");
    let free = format!(
        "{head} message M {{ oneof o {{ int32 a = 1; }} extensions 2; }} extend M {{ optional int32 b = 2; }}"
    );
    for (old, new) in [(&chosen, &free), (&free, &chosen)] {
        let outcome = ask.texts(old, new);
        assert_eq!(outcome.overall, Bump::Major, "{:?}", told(&outcome));
    }
}
