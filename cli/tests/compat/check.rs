//! `compat check` and `compat skew` by rulebook aperio, from the command line
//! to the exit code.

use crate::{BINARY, write};
use serde_json::Value;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const OLD: &str = "syntax = \"proto3\";
package acme.v1;
message Box {
  int64 size = 1;
}
service Boxes {
  rpc Open(Box) returns (Box);
}
";

fn narrowed() -> String {
    OLD.replace("int64 size", "int32 size")
}

fn grown() -> String {
    OLD.replace("int64 size = 1;", "int64 size = 1;\n  string label = 2;")
}

/// `old`, `narrowed` and `grown`, each with `box.proto`.
fn home() -> TempDir {
    crate::home(&[
        ("old/box.proto", OLD),
        ("narrowed/box.proto", &narrowed()),
        ("grown/box.proto", &grown()),
    ])
}

/// Exit code, stdout, stderr of a line of words.
fn compat(home: &Path, line: &str) -> (i32, String, String) {
    let words: Vec<&str> = line.split_whitespace().collect();
    let output = crate::ended(crate::compat(home, &words).spawn().unwrap());
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Exit code and result of a check; the result is as the schema says.
fn json(home: &Path, line: &str) -> (i32, Value) {
    let (code, out, _) = compat(home, &format!("check --format json {line}"));
    let schema = include_str!("../../schema/compat-check.json");
    (code, fitting(&out, code, schema))
}

/// The matrix in its JSON form.
fn skew(home: &Path, line: &str) -> (i32, Value) {
    let (code, out, _) = compat(home, &format!("skew --format json {line}"));
    let schema = include_str!("../../schema/compat-skew.json");
    (code, fitting(&out, code, schema))
}

/// An output that is as its schema says, and says how the run ended.
fn fitting(out: &str, code: i32, schema: &str) -> Value {
    let value: Value = serde_json::from_str(out).unwrap();
    fits(&value, &serde_json::from_str(schema).unwrap(), "$");
    assert_eq!(value["exit"], code);
    value
}

/// Whether a value is as a schema says, as far as ours use the language.
fn fits(value: &Value, schema: &Value, at: &str) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = match &schema["type"] {
        Value::String(one) => vec![one.as_str()],
        Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
        _ => vec![kind],
    };
    assert!(types.contains(&kind), "{at} is {kind}, not {types:?}");
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at} is {value}, none of {words:?}");
    }
    match value {
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                fits(value, &schema["items"], &format!("{at}[{index}]"));
            }
        }
        Value::Object(values) => {
            for name in schema["required"].as_array().into_iter().flatten() {
                let name = name.as_str().unwrap();
                assert!(values.contains_key(name), "{at} has no {name}");
            }
            for (name, value) in values {
                let at = format!("{at}.{name}");
                match (
                    schema["properties"].get(name),
                    &schema["additionalProperties"],
                ) {
                    (Some(schema), _) => fits(value, schema, &at),
                    (None, Value::Bool(false)) => panic!("{at} is not in the schema"),
                    (None, rest) => fits(value, rest, &at),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn a_break_is_shown_where_it_is() {
    let home = home();
    let args = "check --new narrowed --against 1.2.0=old --declared 1.3.0";
    let (code, out, _) = compat(home.path(), args);
    assert_eq!(code, 1, "{out}");
    for words in [
        "acme.v1   old → narrowed      declared 1.3.0   required major (2.0.0)   FAIL\n",
        " FAIL FIELD_RANGE_COMPATIBLE   ",
        "   wire major\n",
        "      narrowed/box.proto:4:3   acme.v1.Box.size   int64 size = 1 → int32 size = 1",
        "        4 |   int32 size = 1;\n          |   ^^^^^\n",
        "      old → new  lossy\n",
        "      new → old  same\n",
        "      fingerprint ",
        " bump    wire major\n",
        " skew    host 1.2 / plugin new: lossy in 1 element · ",
        "safe order: none",
    ] {
        assert!(out.contains(words), "no {words:?} in\n{out}");
    }
    assert!(out.ends_with("BUMP TOO SMALL\n"), "{out}");
    assert!(!out.contains('\u{1b}'), "{out:?}");

    let args = "check --new narrowed --against old --format terse";
    let (code, out, _) = compat(home.path(), args);
    assert_eq!(code, 1);
    assert!(
        out.contains("narrowed/box.proto:4:3: FIELD_RANGE_COMPATIBLE ")
            && out.contains("(wire major)"),
        "{out}"
    );
    let (_, out, _) = compat(
        home.path(),
        "--color always check --new narrowed --against old",
    );
    assert!(out.contains("\u{1b}["), "{out}");
}

#[test]
fn the_json_form_is_as_its_schema_says() {
    let home = home();
    let home = home.path();
    let (code, value) = json(
        home,
        "--new narrowed --against 1.2.0=old --against 1.1.0=old --declared 1.3.0 --channel all",
    );
    assert_eq!(code, 1);
    assert_eq!(value["conclusion"], "BUMP TOO SMALL");
    assert_eq!(value["required"]["overall"], "major");
    assert_eq!(value["required"]["version"], "2.0.0");
    assert_eq!(value["required"]["channels"]["source-go"], "major");
    assert_eq!(value["declared"]["bump"], "minor");
    assert_eq!(value["bases"][0]["version"], "1.2.0");
    assert_eq!(value["bases"][1]["required"], "major");
    let findings = value["findings"].as_array().unwrap();
    let range = |finding: &&Value| {
        finding["id"] == "FIELD_RANGE_COMPATIBLE" && finding["channel"] == "wire"
    };
    let found = findings.iter().find(range).unwrap();
    assert_eq!(found["base"], "1.2.0");
    assert_eq!(found["place"]["line"], 4);
    assert_eq!(found["effects"]["old_to_new"], "lossy");
    assert_eq!(found["witness"]["hex"], "088580808010");
    assert_eq!(value["skew"]["cells"].as_array().unwrap().len(), 4);
    assert_eq!(value["skew"]["cells"][0]["effective"], "1.2");

    let (code, value) = json(home, "--new grown --against 1.2.0=old");
    assert_eq!((code, &value["required"]["overall"]), (0, &"minor".into()));
    assert_eq!(value["declared"], Value::Null);
    let (_, value) = json(home, "--new old --against old");
    assert_eq!(value["required"]["overall"], "none");
    assert_eq!(value["findings"], serde_json::json!([]));

    let both = "--new narrowed --against old --rulebook all";
    let (code, value) = json(home, both);
    assert_eq!((code, &value["rulebook"]), (1, &"all".into()));
    assert_eq!(value["buf"]["findings"][0]["id"], "FIELD_SAME_TYPE");
    // What rulebook aperio accepts rulebook buf may still refuse.
    write(home, "renamed/box.proto", &OLD.replace("size", "width"));
    let both = "--new renamed --against old --rulebook all";
    let (code, value) = json(home, both);
    assert_eq!((code, &value["conclusion"]), (1, &"REFUSED".into()));
    assert_eq!(value["required"]["overall"], "patch");
    let (code, value) = json(home, "--new renamed --against old");
    assert_eq!((code, &value["buf"]), (0, &Value::Null));
}

#[test]
fn a_failed_load_is_never_no_changes() {
    let home = home();
    let home = home.path();
    write(home, "bad/box.proto", "syntax = \"proto3\";\nmessage {}\n");
    write(home, "edition/box.proto", "edition = \"2023\";\n");
    write(
        home,
        "import/box.proto",
        "syntax = \"proto3\";\nimport \"nowhere.proto\";\n",
    );
    write(home, "junk.binpb", "\u{1}junk");
    for (new, against, code, conclusion) in [
        ("bad", "old", 5, "BAD INPUT"),
        ("old", "bad", 5, "BAD INPUT"),
        ("import", "old", 5, "BAD INPUT"),
        ("junk.binpb", "old", 5, "BAD INPUT"),
        ("edition", "old", 3, "COULD NOT JUDGE"),
        ("old", "edition", 3, "COULD NOT JUDGE"),
        ("nowhere", "old", 2, "BAD INPUT"),
    ] {
        let (found, value) = json(home, &format!("--new {new} --against {against}"));
        assert_eq!(found, code, "{new} {against}");
        assert_eq!(value["conclusion"], conclusion);
        for key in ["required", "findings", "skew", "buf"] {
            assert_eq!(value[key], Value::Null, "{new} {against} {key}");
        }
        assert!(value["error"]["message"].is_string());
    }
}

/// Exit code and some words of the output, then where what is checked.
const EXITS: &str = "\
0 COMPATIBLE              | . --new grown --against old
0 COMPATIBLE              | . --new narrowed --against old --declared major
1 BUMP TOO SMALL          | . --new grown --against old --declared patch
1 1.1.0 at least          | . --new grown --against 1.0.0=old --declared 1.0.1
1 BUMP TOO SMALL          | . --new narrowed --against old
1 PACKAGE_SUFFIX_IS_MAJOR | . --new old --against 1.0.0=old --declared 2.0.0
1 WAIVER_IN_FORCE         | waived --new old --against old
2 patch, minor, major     | . --new old --against old --declared soon
2 did you mean wire?      | . --new old --against old --channel wires
2 revision                | . --new old --against git:no-such-revision
2 not released            | . --new old --against 9.9.9
2 once                    | . --rulebook buf --new old --against old --against old
2 buf-json                | . --rulebook aperio --new old --against old --format buf-json
3 b.proto                 | . --new open.binpb --against old
4 NOTHING SELECTED        | . --new old
4 NOTHING SELECTED        | . --new old --against old --path q
5 did you mean channels?  | broken --new ../old --against ../old
5 acme.v1.Boxes           | named --new old --against old";

#[test]
fn every_exit_code_is_reached() {
    let home = home();
    let home = home.path();
    write(
        home,
        "open.binpb",
        "\u{a}\u{c}\u{a}\u{1}a\u{1a}\u{7}b.proto",
    );
    write(home, "waived/aperio-plugin.toml", "[compat]\n");
    write(home, "waived/old/box.proto", OLD);
    write(
        home,
        "waived/proto/waivers.toml",
        "[[waiver]]\nfingerprint = \"00000000\"\nrule = \"A\"\nelement = \"b\"\nreason = \"c\"\n\
         owner = \"d\"\nexpires = \"2999-01-01\"\n",
    );
    write(
        home,
        "named/aperio-plugin.toml",
        "[compat.implementer]\n\"acme.v1.Boxs\" = \"plugin\"\n",
    );
    write(home, "named/old/box.proto", OLD);
    write(
        home,
        "broken/aperio-plugin.toml",
        "[compat]\nchanels = []\n",
    );
    for row in EXITS.lines() {
        let (ends, asked) = row.split_once('|').unwrap();
        let (code, words) = ends.trim().split_once(' ').unwrap();
        let (place, args) = asked.trim().split_once(' ').unwrap();
        let (found, out, err) = compat(&home.join(place), &format!("check {args}"));
        assert_eq!(found.to_string(), code, "{args}\n{out}{err}");
        assert!(
            format!("{out}{err}").contains(words),
            "{args}: no {words:?} in\n{out}{err}"
        );
    }
}

#[test]
fn releases_are_what_is_compared_with() {
    let home = home();
    let home = home.path();
    write(
        home,
        "aperio-plugin.toml",
        "[compat]\nversion = \"1.0.0\"\n",
    );
    write(home, "proto/box.proto", OLD);
    let locks = |version: &str| compat(home, &format!("lock --release {version}")).0;
    assert_eq!(locks("1.0.0"), 0);
    write(home, "proto/box.proto", &grown());
    assert_eq!(locks("1.1.0"), 0);
    write(
        home,
        "aperio-plugin.toml",
        "[compat]\nversion = \"1.2.0\"\n",
    );
    let more = grown().replace("label = 2;", "label = 2;\n  bool open = 3;");
    write(home, "proto/box.proto", &more);
    let (code, value) = json(home, "");
    assert_eq!(code, 0, "{value:#}");
    let bases = value["bases"].as_array().unwrap();
    let versions: Vec<_> = bases.iter().map(|base| &base["version"]).collect();
    assert_eq!(versions, ["1.1.0", "1.0.0"]);
    assert_eq!(value["findings"].as_array().unwrap().len(), 1);
    assert_eq!(value["findings"][0]["also"], serde_json::json!(["1.0.0"]));

    // Whatever moves the digest of a released minor is a minor.
    write(
        home,
        "aperio-plugin.toml",
        "[compat]\nversion = \"1.1.1\"\n",
    );
    write(
        home,
        "proto/box.proto",
        &grown().replace(
            "package acme.v1;",
            "package acme.v1;\noption java_package = \"a\";",
        ),
    );
    let (code, value) = json(home, "");
    assert_eq!(code, 1);
    assert!(
        value.to_string().contains("RELEASE_DIGEST_KEPT"),
        "{value:#}"
    );

    // A base that nobody can read leaves it open, unless another shows a break.
    write(
        home,
        "aperio-plugin.toml",
        "[compat]\nversion = \"1.2.0\"\n",
    );
    std::fs::remove_file(home.join("proto/released/1.0.0/descriptor_set.binpb")).unwrap();
    write(home, "proto/box.proto", &more);
    let (code, value) = json(home, "");
    assert_eq!((code, &value["conclusion"]), (3, &"COULD NOT JUDGE".into()));
    assert_eq!(value["findings"], Value::Null);
    write(home, "proto/box.proto", &more.replace("int64", "int32"));
    let (code, value) = json(home, "");
    assert_eq!((code, &value["conclusion"]), (1, &"BUMP TOO SMALL".into()));
}

#[test]
fn a_result_can_be_written_in_more_forms() {
    let home = home();
    let home = home.path();
    let args = "check --new narrowed --against old --format github --report json=a.json --report pretty=a.txt";
    let (code, out, _) = compat(home, args);
    assert_eq!(code, 1);
    assert!(
        out.contains("::error file=narrowed/box.proto,line=4,title=FIELD_RANGE_COMPATIBLE "),
        "{out}"
    );
    assert!(out.ends_with("BUMP TOO SMALL\n"));
    let value = std::fs::read_to_string(home.join("a.json")).unwrap();
    let value: Value = serde_json::from_str(&value).unwrap();
    assert_eq!(value["exit"], 1);
    let text = std::fs::read_to_string(home.join("a.txt")).unwrap();
    assert!(text.contains(" FAIL FIELD_RANGE_COMPATIBLE"), "{text}");
}

#[test]
fn a_break_is_proven_with_bytes() {
    let home = home();
    let args = "--new narrowed --against old --witness proofs";
    let (code, value) = json(home.path(), args);
    assert_eq!(code, 1);
    let findings = value["findings"].as_array().unwrap();
    let id = "FIELD_RANGE_COMPATIBLE";
    let finding = findings.iter().find(|finding| finding["id"] == id);
    let witness = &finding.unwrap()["witness"];
    assert_eq!(witness["hex"], "088580808010");
    assert_eq!(witness["rpc"], "/acme.v1.Boxes/Open");
    assert_eq!(witness["reads"]["spec"]["size"], 5);
    let path = home.path().join(witness["file"].as_str().unwrap());
    let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(file["bytes"], "088580808010");
    assert_eq!(file["effect"], "lossy");
    assert_eq!(
        std::fs::read_dir(path.parent().unwrap()).unwrap().count(),
        1
    );

    let (_, text, _) = compat(home.path(), &format!("check {args}"));
    assert!(
        text.contains("old means  {\"size\":\"4294967301\"}"),
        "{text}"
    );
    assert!(text.contains("new reads  {\"size\":5}"), "{text}");

    write(
        home.path(),
        "gone/box.proto",
        &OLD.replace("rpc Open", "rpc Shut"),
    );
    let gone = "check --new gone --against old";
    let (_, text, _) = compat(home.path(), gone);
    assert!(text.contains("new answers  UNIMPLEMENTED"), "{text}");

    write(home.path(), "file", "");
    let args = "check --new narrowed --against old --witness file";
    let (code, out, error) = compat(home.path(), args);
    assert_eq!((code, out.as_str()), (3, ""));
    assert!(error.contains("file cannot be written"), "{error}");
}

#[test]
fn versions_meet_in_a_matrix() {
    let home = home();
    let home = home.path();
    let args = "skew --interface 1.0=old,1.1=grown,1.2=narrowed";
    let (code, out, err) = compat(home, args);
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("host 1.1  plugin 1.0  minor  speaks 1.0"),
        "{out}"
    );
    assert!(out.contains("out of reach acme.v1.Box.label"), "{out}");
    assert!(out.ends_with("safe order of upgrade: none\n"), "{out}");
    let (code, value) = skew(home, &args["skew ".len()..]);
    assert_eq!((code, &value["conclusion"]), (0, &"COMPATIBLE".into()));
    assert_eq!(value["error"], Value::Null);
    let cells = value["skew"]["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 9);
    let cell = cells
        .iter()
        .find(|cell| cell["host"] == "1.0" && cell["plugin"] == "1.1");
    let reach = &cell.unwrap()["out_of_reach"];
    assert_eq!(*reach, serde_json::json!(["acme.v1.Box.label"]));

    write(home, "junk/a.proto", "message {");
    write(home, "edition/a.proto", "edition = \"2023\";\n");
    for (interface, code, conclusion) in [
        ("1.0=old", 4, "NOTHING SELECTED"),
        ("1.0=nowhere,1.1=old", 2, "BAD INPUT"),
        ("1.0=junk,1.1=old", 5, "BAD INPUT"),
        ("1.0=edition,1.1=old", 3, "COULD NOT JUDGE"),
    ] {
        let line = format!("--interface {interface}");
        let (found, out, err) = compat(home, &format!("skew {line}"));
        assert_eq!((found, out.as_str()), (code, ""), "{err}");
        let (found, value) = skew(home, &line);
        assert_eq!((found, &value["conclusion"]), (code, &conclusion.into()));
        assert_eq!(value["skew"], Value::Null);
        assert!(value["error"]["message"].is_string());
    }
}

#[test]
fn rules_of_aperio_are_explained() {
    let explain = |id: &str| {
        let output = Command::new(BINARY).args(["explain", id]).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = explain("FIELD_RANGE_COMPATIBLE");
    assert!(text.contains("rule of aperio, channel: wire\n"), "{text}");
    assert!(text.contains("covers: FIELD_SAME_TYPE"), "{text}");
    let text = explain("version_declared_sufficient");
    assert!(
        text.starts_with("VERSION_DECLARED_SUFFICIENT  the declared version says enough\n"),
        "{text}"
    );
    assert!(text.contains("rule of aperio on the release as a whole\n"));
}
