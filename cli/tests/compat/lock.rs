//! `compat lock`, and released versions as REFs.

use crate::{ends, write};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const FIRST: &str = "syntax = \"proto3\";\npackage acme.v1;\n// A box.\nmessage Box {\n  int32 a = 1;\n}\nservice Boxes {\n  rpc Open(Box) returns (Box);\n}\n";
const CONFIG: &str = "[compat]\npackages = [\"acme.v1\"]\nversion = \"1.0.0\"\n";

/// A project with a configuration, a judged file and one beside it.
fn home() -> TempDir {
    crate::home(&[
        ("aperio-plugin.toml", CONFIG),
        ("proto/acme/v1/box.proto", FIRST),
        (
            "proto/other/x.proto",
            "syntax = \"proto3\";\npackage other;\nmessage X {}\n",
        ),
    ])
}

fn entries(home: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(home.join("proto/released")) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn releases_are_frozen_one_after_the_other() {
    let home = home();
    let home = home.path();
    // The first has nothing before it; its version is the configured one.
    let text = ends(
        home,
        &["lock"],
        0,
        &[
            "proto/released/1.0.0\n",
            "descriptor sha256:",
            "first release",
        ],
    );
    let digest = std::fs::read_to_string(home.join("proto/released/1.0.0/digest")).unwrap();
    assert!(text.contains(&digest), "{text}");
    let set = std::fs::read(home.join("proto/released/1.0.0/descriptor_set.binpb")).unwrap();
    let holds = |words: &[u8]| set.windows(words.len()).any(|part| part == words);
    assert!(holds(b"acme/v1/box.proto") && !holds(b"other/x.proto"));

    // It is not written again, whatever the text says now.
    ends(home, &["lock"], 1, &["1.0.0 is released", "hint: "]);

    // A patch keeps what is declared, a minor adds to it.
    write(
        home,
        "proto/acme/v1/box.proto",
        &FIRST.replace("A box", "The box"),
    );
    ends(home, &["lock", "--release", "1.0.1"], 0, &["1.0.1\n"]);
    let more = FIRST.replace("int32 a = 1;", "int32 a = 1;\n  int32 b = 2;");
    write(home, "proto/acme/v1/box.proto", &more);
    ends(
        home,
        &["lock", "--release", "1.0.2"],
        1,
        &["a patch keeps the digest of its minor", "1.1.0"],
    );
    ends(
        home,
        &["lock", "--release", "1.1.0"],
        0,
        &["proto/released/1.1.0\n"],
    );
    ends(
        home,
        &["lock", "--release", "1.0.9"],
        1,
        &["1.0.9 is not above 1.1.0"],
    );

    // What the rules refuse is shown where it is, and not frozen.
    let broken = more.replace("int32 b", "string b");
    write(home, "proto/acme/v1/box.proto", &broken);
    ends(
        home,
        &["lock", "--release", "1.2.0"],
        1,
        &[
            "proto/acme/v1/box.proto:6:3: FIELD_SAME_WIRE_TYPE",
            "BUMP TOO SMALL",
        ],
    );
    // Another major stands in another package.
    ends(
        home,
        &["lock", "--release", "2.0.0"],
        1,
        &["PACKAGE_SUFFIX_IS_MAJOR", "REFUSED"],
    );
    assert_eq!(entries(home), ["1.0.0", "1.0.1", "1.1.0"]);
    let text = ends(home, &["lock", "--verify"], 0, &["1.1.0  sha256:"]);
    assert_eq!(text.matches("  unedited\n").count(), 3, "{text}");
}

#[test]
fn comments_are_told_one_by_one() {
    let home = home();
    let home = home.path();
    ends(home, &["lock"], 0, &["1.0.0"]);
    let text = FIRST.replace("A box", "A box waits two seconds");
    let text = text.replace("int32 a = 1;", "int32 a = 1; // The number.");
    write(home, "proto/acme/v1/box.proto", &text);
    let check = ["check", "--format", "terse", "--declared", "1.0.1"];
    let told = ends(
        home,
        &check,
        0,
        &[
            "box.proto:4:1: NORMATIVE_COMMENT_CHANGED",
            "box.proto:5:3: COMMENT_CHANGED",
        ],
    );
    assert_eq!(told.matches("COMMENT_CHANGED").count(), 2, "{told}");
    // An older lock says of them only that they are others.
    std::fs::remove_file(home.join("proto/released/1.0.0/comments")).unwrap();
    let told = ends(home, &check, 0, &["comments differ from those of 1.0.0"]);
    assert_eq!(told.matches("COMMENT_CHANGED").count(), 1, "{told}");
    std::fs::write(home.join("proto/released/1.0.0/comments"), "no row").unwrap();
    ends(
        home,
        &check,
        1,
        &["RELEASE_LOCK_UNCHANGED", "comments has other bytes"],
    );
}

#[test]
fn every_edit_is_told() {
    let home = home();
    let home = home.path();
    for version in ["1.0.0", "1.1.0"] {
        ends(home, &["lock", "--release", version], 0, &[]);
    }
    let set = home.join("proto/released/1.0.0/descriptor_set.binpb");
    let bytes = std::fs::read(&set).unwrap();
    let edited = [&bytes[..], &bytes[..]].concat();
    std::fs::write(&set, edited).unwrap();
    ends(
        home,
        &["lock", "--verify"],
        1,
        &["1.0.0  EDITED  descriptor_set.binpb", "1.1.0  sha256:"],
    );
    ends(home, &["lock", "--verify", "--release", "1.1.0"], 0, &[]);
    // Nothing is compared with it or frozen beside it.
    ends(
        home,
        &["check", "--against", "1.0.0"],
        1,
        &["proto/released/1.0.0: the lock was edited", "REFUSED"],
    );
    ends(
        home,
        &["lock", "--release", "1.2.0"],
        1,
        &["the lock was edited"],
    );
    std::fs::write(&set, &bytes).unwrap();

    let digest = home.join("proto/released/1.1.0/digest");
    let text = std::fs::read_to_string(&digest).unwrap();
    std::fs::write(&digest, text.trim_end()).unwrap();
    ends(home, &["lock", "--verify"], 1, &["1.1.0  EDITED  digest"]);
    std::fs::remove_file(&digest).unwrap();
    ends(
        home,
        &["lock", "--verify"],
        3,
        &["1.0.0  sha256:", "1.1.0/digest: the lock cannot be read"],
    );
}

#[test]
fn the_published_interface_cannot_be_another() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    write(home, "aperio-plugin.toml", "");
    let text = "syntax = \"proto3\";\npackage aperio.plugin.v1;\nmessage M {}\n";
    write(home, "proto/a.proto", text);
    ends(home, &["lock", "--release", "1.0.0"], 0, &[]);
    ends(
        home,
        &["lock", "--verify"],
        1,
        &["aperio.plugin.v1 was published otherwise"],
    );
}

#[test]
fn mistakes_say_what_to_do() {
    let home = home();
    let home = home.path();
    ends(
        home,
        &["lock", "--verify"],
        4,
        &["proto/released: there is no lock"],
    );
    ends(
        home,
        &["lock", "--release", "1.0"],
        2,
        &["three numbers such as 1.3.0"],
    );
    for (config, code, words) in [
        (
            CONFIG.replace("version = \"1.0.0\"\n", ""),
            2,
            "--release 1.0.0",
        ),
        (CONFIG.replace("1.0.0", "1.0.0-rc.1"), 2, "no release"),
        (
            CONFIG.replace("acme.v1", "acme.v2"),
            5,
            "did you mean acme.v1?",
        ),
        (
            format!("{CONFIG}[compat.implementer]\n\"acme.v1.Boxs\" = \"plugin\"\n"),
            5,
            "did you mean acme.v1.Boxes?",
        ),
        (
            format!("{CONFIG}proto = [\"nowhere\"]\n"),
            2,
            "no such directory",
        ),
        (
            CONFIG.replace("packages", "package"),
            5,
            "did you mean packages?",
        ),
    ] {
        write(home, "aperio-plugin.toml", &config);
        ends(home, &["lock"], code, &[words]);
    }
    assert!(entries(home).is_empty());
    write(home, "aperio-plugin.toml", CONFIG);
    write(home, "proto/released/old/x", "");
    ends(
        home,
        &["lock"],
        5,
        &["proto/released/old", "not named as a release"],
    );
}

#[test]
fn released_versions_are_bases() {
    let home = home();
    let home = home.path();
    for version in ["1.0.0", "1.0.1", "1.1.0"] {
        ends(home, &["lock", "--release", version], 0, &[]);
    }
    write(
        home,
        "proto/acme/v1/box.proto",
        &FIRST.replace("int32 a", "string a"),
    );
    let check = |against: &str| {
        let args = [
            "check",
            "--rulebook",
            "buf",
            "--against",
            against,
            "--format",
            "json",
        ];
        let text = ends(home, &args, 1, &[]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["buf"]["findings"][0]["id"], "FIELD_SAME_TYPE");
        value["bases"][0]["version"].clone()
    };
    assert_eq!(check("1.0.0"), "1.0.0");
    // The newest patch of a minor.
    assert_eq!(check("1.0"), "1.0.1");
    // What a directory is, the user says.
    write(home, "old/acme/v1/box.proto", FIRST);
    assert_eq!(check("old"), serde_json::Value::Null);
    assert_eq!(check("0.9.0=old"), "0.9.0");
    assert_eq!(check("3.0.0=1.1.0"), "3.0.0");

    ends(
        home,
        &["check", "--against", "1.7"],
        2,
        &["1.7 is not released", "1.0.0, 1.0.1, 1.1.0"],
    );
    ends(
        home,
        &["check", "--against", "1.1.0=nowhere"],
        2,
        &["no such file"],
    );
    // A directory that is called as a version.
    write(home, "1.7/acme/v1/box.proto", FIRST);
    assert_eq!(check("1.7"), serde_json::Value::Null);
}

#[test]
fn the_program_carries_the_interfaces_releases() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    // Each minor adds to the one before, and no more.
    for (old, new) in [("1.0.0", "1.1.0"), ("1.1", "1.2"), ("1.0", "1.2.0")] {
        ends(
            home,
            &["check", "--new", new, "--against", old],
            0,
            &["COMPATIBLE"],
        );
    }
    ends(
        home,
        &["check", "--new", "1.0", "--against", "1.2"],
        1,
        &["RPC_PATH_NO_DELETE"],
    );
    ends(
        home,
        &["check", "--new", "1.0", "--against", "1.9.0"],
        2,
        &["there are 1.0.0, 1.1.0, 1.2.0"],
    );
}

#[test]
fn a_tag_says_its_version() {
    let home = home();
    let home = home.path();
    let git = |args: &[&str]| {
        let output = Command::new("git")
            .args(["-c", "user.name=a", "-c", "user.email=a@b.example"])
            .args(args)
            .current_dir(home)
            .output()
            .unwrap();
        assert!(output.status.success(), "git {args:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    git(&["tag", "v1.0.0"]);
    for (against, version) in [
        ("git:v1.0.0", "\"version\": \"1.0.0\""),
        ("git:v1.0.0:proto", "\"version\": \"1.0.0\""),
        ("git:HEAD", "\"version\": null"),
    ] {
        let args = [
            "check",
            "--rulebook",
            "buf",
            "--against",
            against,
            "--format",
            "json",
        ];
        ends(home, &args, 0, &[version]);
    }
}

/// What a release after it would be refused for, the first is refused for.
#[test]
fn the_first_release_is_named_as_its_package() {
    let home = home();
    let home = home.path();
    ends(
        home,
        &["lock", "--release", "2.0.0"],
        1,
        &[
            "proto/acme/v1/box.proto:2:1: PACKAGE_SUFFIX_IS_MAJOR package acme.v1 is major 1, \
             and 2.0.0 is declared",
            "REFUSED",
        ],
    );
    assert!(entries(home).is_empty());
    // Somebody agreed to it.
    let args = [
        "check",
        "--new",
        "proto",
        "--against",
        "proto",
        "--declared",
        "2.0.0",
        "--format",
        "json",
    ];
    let text = ends(home, &args, 1, &["PACKAGE_SUFFIX_IS_MAJOR"]);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let findings = value["findings"].as_array().unwrap();
    let finding = findings
        .iter()
        .find(|finding| finding["id"] == "PACKAGE_SUFFIX_IS_MAJOR")
        .unwrap();
    let waiver = format!(
        "[[waiver]]\nfingerprint = {}\nrule = \"PACKAGE_SUFFIX_IS_MAJOR\"\nelement = \"acme.v1\"\n\
         reason = \"a\"\nowner = \"b\"\nexpires = \"2999-01-01\"\n",
        finding["fingerprint"]
    );
    write(home, "proto/waivers.toml", &waiver);
    ends(
        home,
        &["lock", "--release", "2.0.0"],
        0,
        &["2.0.0\n", "first release"],
    );
    assert_eq!(entries(home), ["2.0.0"]);
}

/// This repository's own configuration names what is there, and its locks are
/// as they were written.
#[test]
fn the_interfaces_own_locks_are_unedited() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = ends(&root, &["lock", "--verify"], 0, &["1.0.0  sha256:"]);
    let released = proto::released::RELEASED.len();
    assert_eq!(text.matches("  unedited\n").count(), released, "{text}");
    // Names are looked up before the version is refused; nothing is written.
    let words = "1.0.0 is released, and a lock is never rewritten";
    ends(&root, &["lock", "--release", "1.0.0"], 1, &[words]);
}
