//! `compat check` by the rules of buf, from the command line to the exit code.

use crate::{BINARY, write};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const OLD: &str =
    "syntax = \"proto3\";\npackage p.v1;\nmessage M {\n  int32 a = 1;\n}\nmessage Gone {}\n";
const NEW: &str = "syntax = \"proto3\";\npackage p.v1;\nmessage M {\n  string a = 1;\n}\n";

/// A directory with `old/p/v1/a.proto` and `new/p/v1/a.proto`.
fn home() -> TempDir {
    crate::home(&[("old/p/v1/a.proto", OLD), ("new/p/v1/a.proto", NEW)])
}

fn check(home: &Path, args: &[&str]) -> (i32, String) {
    crate::told(home, &[&["check", "--rulebook", "buf"][..], args].concat())
}

#[test]
fn findings_stand_where_the_text_is() {
    let home = home();
    let (code, text) = check(
        home.path(),
        &["--new", "new", "--against", "old", "--format", "terse"],
    );
    assert_eq!(code, 1, "{text}");
    assert_eq!(
        text,
        "new/p/v1/a.proto:1:1: MESSAGE_NO_DELETE message Gone was deleted from its file\n\
         new/p/v1/a.proto:4:3: FIELD_SAME_TYPE field 1 (a) of message M changed its type from int32 to string\n\
         REFUSED\n"
    );
    let (code, text) = check(
        home.path(),
        &[
            "--new",
            "new",
            "--against",
            "old",
            "--format",
            "buf-json",
            "--buf-config",
            "{version: v2, breaking: {use: [WIRE]}}",
        ],
    );
    assert_eq!(code, 1);
    assert_eq!(
        text,
        "{\"path\":\"new/p/v1/a.proto\",\"start_line\":4,\"start_column\":3,\"end_line\":4,\"end_column\":9,\
         \"type\":\"FIELD_WIRE_COMPATIBLE_TYPE\",\"message\":\"field 1 (a) of message M changed its type \
         from int32 to string, which the wire does not allow\"}\n"
    );
    let (code, text) = check(home.path(), &["--new", "old", "--against", "old"]);
    assert_eq!((code, text.ends_with("COMPATIBLE\n")), (0, true), "{text}");
}

#[test]
fn the_json_form_is_one_object() {
    let home = home();
    let (code, text) = check(
        home.path(),
        &["--new", "new", "--against", "old", "--format", "json"],
    );
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &value["exit"], &value["conclusion"]),
        (1, &1.into(), &"REFUSED".into())
    );
    assert_eq!(value["findings"], Value::Null);
    let finding = &value["buf"]["findings"][1];
    assert_eq!(finding["element"], "p.v1.M.a");
    assert_eq!(finding["place"]["line"], 4);
    assert_eq!(finding["title"], "a field keeps its type");

    write(
        home.path(),
        "bad/a.proto",
        "syntax = \"proto3\";\nmessage {}\n",
    );
    let (code, text) = check(
        home.path(),
        &["--new", "bad", "--against", "old", "--format", "json"],
    );
    let text = &text[..text.find("\nerror:").unwrap()];
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!((code, &value["conclusion"]), (5, &"BAD INPUT".into()));
    assert_eq!(value["error"]["path"], "bad/a.proto");
    assert_eq!(value["error"]["line"], 2);
    assert_eq!(value["buf"], Value::Null);
}

#[test]
fn rules_are_explained() {
    let output = Command::new(BINARY)
        .args(["explain", "field_same_type"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("FIELD_SAME_TYPE  a field keeps its type\n"));
    assert!(text.contains("```proto breaks\n"), "{text}");
    assert!(
        text.ends_with("rule of buf: FILE, PACKAGE, CSR\n"),
        "{text}"
    );
}

#[test]
fn every_exit_code_is_reached() {
    let home = home();
    write(home.path(), "edition/a.proto", "edition = \"2023\";\n");
    write(
        home.path(),
        "import/a.proto",
        "syntax = \"proto3\";\nimport \"nowhere.proto\";\n",
    );
    write(home.path(), "junk.binpb", "\u{1}junk");
    write(home.path(), "empty/readme", "");
    write(
        home.path(),
        "twice/buf.work.yaml",
        "version: v1\ndirectories: [x, y]\n",
    );
    write(home.path(), "twice/x/a.proto", OLD);
    write(home.path(), "twice/y/a.proto", OLD);
    // A file that imports what the set lacks.
    write(
        home.path(),
        "open.binpb",
        "\u{a}\u{c}\u{a}\u{1}a\u{1a}\u{7}b.proto",
    );
    for (args, code, words) in [
        (
            &["--new", "nope", "--against", "old"][..],
            2,
            "no such file",
        ),
        (
            &["--new", "new", "--against", "old", "--against", "old"],
            2,
            "once",
        ),
        (
            &["--new", "new", "--against", "git:no-such-revision"],
            2,
            "revision",
        ),
        (
            &["--new", "edition", "--against", "old"],
            3,
            "descriptor set",
        ),
        (&["--new", "open.binpb", "--against", "old"], 3, "b.proto"),
        (
            &["--new", "new", "--against", "old", "--path", "q"],
            4,
            "--path",
        ),
        (
            &["--new", "import", "--against", "old"],
            5,
            "import/a.proto:2:",
        ),
        (&["--new", "junk.binpb", "--against", "old"], 5, "malformed"),
        (&["--new", "empty", "--against", "old"], 5, "no .proto"),
        (
            &["--new", "twice", "--against", "old"],
            5,
            "two import roots",
        ),
        (&["--new", "-", "--against", "old"], 5, "empty"),
        (
            &[
                "--new",
                "new",
                "--against",
                "old",
                "--buf-config",
                "{version: v2, breaking: {use: [FIELD_SAME_NAM]}}",
            ],
            5,
            "did you mean FIELD_SAME_NAME?",
        ),
        (
            &[
                "--new",
                "new",
                "--against",
                "old",
                "--strict",
                "--buf-config",
                "{version: v2, plugins: [{plugin: x}]}",
            ],
            3,
            "plugins",
        ),
    ] {
        let (found, text) = check(home.path(), args);
        assert_eq!(found, code, "{args:?}\n{text}");
        assert!(
            text.contains(words),
            "{args:?}: {words:?} is missing in\n{text}"
        );
    }
}

#[test]
fn configurations_stand_with_the_text() {
    let home = home();
    write(
        home.path(),
        "new/buf.yaml",
        "version: v2\nbreaking:\n  ignore_only:\n    MESSAGE_NO_DELETE: [p]\n    FIELD_NO_DELETE: [q]\n",
    );
    let args = ["--new", "new", "--against", "old", "--format", "terse"];
    let (code, text) = check(home.path(), &args);
    assert_eq!(code, 1);
    assert!(!text.contains("MESSAGE_NO_DELETE message"), "{text}");
    assert!(
        text.contains("nothing falls under ignore_only FIELD_NO_DELETE: q"),
        "{text}"
    );

    // The nearest above counts too; its paths begin where it stands.
    std::fs::remove_file(home.path().join("new/buf.yaml")).unwrap();
    write(
        home.path(),
        "buf.yaml",
        "version: v1\nbreaking:\n  ignore: [new/p/v1/a.proto]\n",
    );
    let (code, text) = check(home.path(), &args);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn revisions_of_git_are_read_as_trees() {
    let home = home();
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b.example"])
            .args(args)
            .current_dir(home.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    git(&["init", "-q"]);
    write(home.path(), "proto/p/v1/a.proto", OLD);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "old"]);
    write(home.path(), "proto/p/v1/a.proto", NEW);
    for against in ["git:HEAD:proto", "git:HEAD"] {
        let args = ["--against", against, "--format", "terse"];
        let (code, text) = check(home.path(), &args);
        assert_eq!(code, 1, "{text}");
        assert!(
            text.starts_with("proto/p/v1/a.proto:1:1: MESSAGE_NO_DELETE"),
            "{text}"
        );
    }
    let (code, text) = check(
        home.path(),
        &["--new", "proto", "--against", "git:HEAD:nowhere"],
    );
    assert_eq!(code, 2, "{text}");
}
