//! Inputs of `compat` that are no texts, are too much, or are mistaken: each
//! is told, and nothing waits for them.

use crate::{BINARY, compat, ended, ends, write};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs::File;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

const TEXT: &str = "syntax = \"proto3\";
package acme.v1;
message Box {
  int32 size = 1;
}
service Boxes {
  rpc Open(Box) returns (Box);
}
";

/// How `old` is judged against itself.
const CHECK: [&str; 5] = ["check", "--new", "old", "--against", "old"];

/// A directory with `old/box.proto`.
fn home() -> TempDir {
    crate::home(&[("old/box.proto", TEXT)])
}

fn fifo(place: &Path) {
    let made = Command::new("mkfifo").arg(place).status().unwrap();
    assert!(made.success());
}

/// Puts one after the other at a place what is there and no regular file, and
/// a link to nothing.
fn no_files(place: &Path, mut told: impl FnMut(&str)) {
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    fifo(place);
    told("it is no regular file");
    std::fs::remove_file(place).unwrap();
    symlink("/dev/zero", place).unwrap();
    told("it is no regular file");
    std::fs::remove_file(place).unwrap();
    symlink("nowhere", place).unwrap();
    told("it is a link that leads nowhere");
    std::fs::remove_file(place).unwrap();
    std::fs::create_dir(place).unwrap();
    told("it is no regular file");
    std::fs::remove_dir(place).unwrap();
}

#[test]
fn a_configuration_that_is_no_file_is_told() {
    let home = home();
    let home = home.path();
    no_files(&home.join("aperio-plugin.toml"), |words| {
        let words = [words, "aperio-plugin.toml"];
        ends(home, &CHECK, 5, &words);
        ends(home, &["lock"], 5, &words);
        let mut command = Command::new(BINARY);
        command.args(["test", "--plan"]).current_dir(home);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let output = ended(command.stderr(Stdio::piped()).spawn().unwrap());
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{text}");
        assert!(words.iter().all(|words| text.contains(words)), "{text}");
    });
}

#[test]
fn waivers_that_are_no_file_are_told() {
    let home = home();
    let home = home.path();
    no_files(&home.join("proto/waivers.toml"), |words| {
        ends(home, &CHECK, 5, &[words, "proto/waivers.toml"]);
    });
    ends(home, &CHECK, 0, &["COMPATIBLE"]);
}

#[test]
fn a_configuration_of_buf_that_is_no_file_is_told() {
    let home = home();
    let home = home.path();
    let buf = |more: &[&str], words: &[&str]| {
        let args = [&CHECK[..], &["--rulebook", "buf"], more].concat();
        ends(home, &args, 5, words);
    };
    no_files(&home.join("x.yaml"), |words| {
        buf(&["--buf-config", "x.yaml"], &[words, "x.yaml"]);
    });
    no_files(&home.join("old/buf.yaml"), |words| {
        buf(&[], &[words, "old/buf.yaml"]);
    });
}

#[test]
fn locks_that_are_no_files_are_told() {
    let home = home();
    let home = home.path();
    write(home, "aperio-plugin.toml", "[compat]\nproto = [\"old\"]\n");
    for file in ["digest", "descriptor_set.binpb"] {
        let place = home.join("proto/released/1.0.0");
        ends(home, &["lock", "--release", "1.0.0"], 0, &[]);
        std::fs::remove_file(place.join(file)).unwrap();
        no_files(&place.join(file), |words| {
            for args in [&["lock", "--verify"][..], &["check"]] {
                ends(home, args, 3, &[words, file]);
            }
        });
        std::fs::remove_dir_all(&place).unwrap();
    }
    // A lock that leads nowhere is not the same as none.
    symlink("nowhere", home.join("proto/released/1.0.0")).unwrap();
    ends(
        home,
        &["check"],
        3,
        &["1.0.0/digest: the lock cannot be read"],
    );
}

#[test]
fn a_side_that_is_no_file_is_told() {
    let home = home();
    let home = home.path();
    for name in ["set.binpb", "box.proto"] {
        let place = home.join(name);
        let against = |named: &str, code: i32, words: &str| {
            ends(
                home,
                &["check", "--new", "old", "--against", named],
                code,
                &[words],
            );
        };
        fifo(&place);
        against(name, 5, "it is no regular file");
        std::fs::remove_file(&place).unwrap();
        symlink("/dev/zero", &place).unwrap();
        against(name, 5, "it is no regular file");
        std::fs::remove_file(&place).unwrap();
        symlink("nowhere", &place).unwrap();
        against(name, 2, "no such file or directory");
    }
    let hint = "hint: - reads a descriptor set from stdin";
    ends(
        home,
        &["check", "--new", "/dev/zero", "--against", "old"],
        5,
        &[hint],
    );

    // In a directory, and as an import.
    std::fs::create_dir_all(home.join("new/more")).unwrap();
    fifo(&home.join("new/more/a.proto"));
    let args = ["check", "--new", "new", "--against", "old"];
    ends(
        home,
        &args,
        5,
        &["new/more/a.proto: ", "it is no regular file"],
    );
    write(
        home,
        "importing/b.proto",
        "syntax = \"proto3\";\nimport \"more/a.proto\";\n",
    );
    let args = [
        "check",
        "--new",
        "importing",
        "--against",
        "old",
        "-I",
        "new",
    ];
    ends(
        home,
        &args,
        5,
        &["new/more/a.proto: ", "it is no regular file"],
    );
}

#[test]
fn a_set_is_read_from_the_file_at_stdin() {
    let home = home();
    let home = home.path();
    write(home, "aperio-plugin.toml", "[compat]\nproto = [\"old\"]\n");
    ends(home, &["lock", "--release", "1.0.0"], 0, &[]);
    let set = home.join("proto/released/1.0.0/descriptor_set.binpb");
    for named in ["-", "/dev/stdin"] {
        let mut command = compat(home, &["check", "--new", named, "--against", "old"]);
        let output = ended(command.stdin(File::open(&set).unwrap()).spawn().unwrap());
        assert_eq!(output.status.code(), Some(0), "{named}: {output:?}");
    }
}

/// `depth` files, each of which imports the next.
fn chain(home: &Path, depth: usize, word: &str, last: &str) {
    for at in 0..depth {
        let mut text = format!("syntax = \"proto3\";\npackage c.v1;\nmessage M{at} {{}}\n");
        if at + 1 < depth {
            let _ = writeln!(text, "import {word}\"f{}.proto\";", at + 1);
        } else {
            text.push_str(last);
        }
        write(home, &format!("f{at}.proto"), &text);
    }
}

#[test]
fn imports_may_be_far_away() {
    let home = home();
    let home = home.path();
    chain(&home.join("long"), 6000, "", "");
    let args = ["check", "--new", "long/f0.proto", "--against", "long"];
    ends(home, &args, 0, &["COMPATIBLE"]);
    // The end of the chain leads to its beginning.
    chain(&home.join("ring"), 6000, "", "import \"f0.proto\";\n");
    let args = ["check", "--new", "ring", "--against", "old"];
    let told = [
        "ring/f5999.proto:4:1: ",
        "the imports go round: f0.proto -> f1.proto -> ",
    ];
    let text = ends(home, &args, 5, &told);
    assert!(text.len() < 2000, "{text}");
    // What every file of a long chain sees of it would be millions of names.
    chain(&home.join("seen"), 6000, "public ", "");
    let args = ["check", "--new", "seen", "--against", "old"];
    ends(home, &args, 5, &["public imports"]);
}

#[test]
fn imports_may_be_seen_from_far_away() {
    let home = home();
    let home = home.path();
    chain(&home.join("hops"), 5, "public ", "");
    // As many ways from the first to the last as nobody goes.
    for layer in 0..40 {
        for at in 0..3 {
            let mut text =
                format!("syntax = \"proto3\";\npackage c.v1;\nmessage L{layer}M{at} {{}}\n");
            for next in 0..3 {
                if layer < 39 {
                    let _ = writeln!(text, "import public \"l{}m{next}.proto\";", layer + 1);
                }
            }
            write(home, &format!("ways/l{layer}m{at}.proto"), &text);
        }
    }
    let user = |last: &str, imports: &str| {
        format!(
            "syntax = \"proto3\";\npackage c.v1;\n{imports}message User {{ {last} last = 1; }}\n\
             service Uses {{ rpc Use(User) returns ({last}); }}\n"
        )
    };
    let first = "import \"f0.proto\";\n";
    write(home, "hops/user.proto", &user("M4", first));
    let layer = "import \"l0m0.proto\";\nimport \"l0m1.proto\";\nimport \"l0m2.proto\";\n";
    write(home, "ways/user.proto", &user("L39M2", layer));
    for new in ["hops", "ways"] {
        write(
            home,
            "aperio-plugin.toml",
            &format!("[compat]\nproto = [\"{new}\"]\nreleased = \"{new}-released\"\n"),
        );
        ends(
            home,
            &["check", "--new", new, "--against", new],
            0,
            &["COMPATIBLE"],
        );
        ends(home, &["lock", "--release", "1.0.0"], 0, &[]);
        let set = format!("{new}-released/1.0.0/descriptor_set.binpb");
        ends(
            home,
            &["check", "--new", &set, "--against", new],
            0,
            &["COMPATIBLE"],
        );
        // Whoever does not import it does not see it.
        write(home, &format!("{new}/user.proto"), &user("M4", ""));
        ends(
            home,
            &["check", "--new", new, "--against", &set],
            5,
            &["user.proto:3:"],
        );
    }
}

#[test]
fn mistakes_in_the_configuration_are_shown_as_lines() {
    let home = home();
    let home = home.path();
    write(home, "aperio-plugin.toml", "[compat]\nchanels = []\n");
    let text = ends(
        home,
        &CHECK,
        5,
        &[
            "error: unknown field `chanels`",
            "\n  --> aperio-plugin.toml:2:1\n   |\n   | chanels = []\n   | ^^^^^^^\nhint: did you mean channels?\n",
        ],
    );
    assert!(!text.contains("\\x0a"), "{text}");
    let output = ended(
        compat(home, &[&CHECK[..], &["--format", "json"]].concat())
            .spawn()
            .unwrap(),
    );
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let error = &value["error"];
    assert_eq!(error["path"], "aperio-plugin.toml");
    assert_eq!((&error["line"], &error["col"]), (&2.into(), &1.into()));
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with("unknown field") && !message.contains('\n'),
        "{message}"
    );

    // Nothing that a terminal acts on, and no line that is not ours.
    for hostile in [
        "[compat]\n\"a\\u001b[2J\\nhint: b\" = 1\n",
        "[compat]\n# \u{9b}2J\nx = \"\u{1b}[2J\"\n",
        "[compat]\nversion = \"\u{202e}\"\n",
    ] {
        write(home, "aperio-plugin.toml", hostile);
        let text = ends(home, &CHECK, 5, &["error: "]);
        assert!(
            text.chars()
                .all(|char| char == '\n' || !char.is_control() && char != '\u{202e}'),
            "{text:?}"
        );
        assert!(!text.contains("\nhint: b"), "{text}");
    }
}

#[test]
fn a_report_is_whole_or_not_there() {
    let home = home();
    let home = home.path();
    let report = home.join("report.json");
    let run = |place: &str, code: i32, words: &[&str]| {
        let report = format!("json={place}");
        ends(
            home,
            &[&CHECK[..], &["--report", &report]].concat(),
            code,
            words,
        )
    };
    let whole = || {
        let value: Value = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
        assert_eq!(value["conclusion"], "COMPATIBLE");
    };
    run("report.json", 0, &[]);
    whole();
    let mode = std::fs::metadata(&report).unwrap().mode();
    assert_eq!(
        mode & 0o777,
        std::fs::metadata(home.join("old/box.proto"))
            .unwrap()
            .mode()
            & 0o777
    );

    // Whoever reads the one before reads it to its end.
    std::fs::write(&report, "before").unwrap();
    std::fs::set_permissions(&report, std::fs::Permissions::from_mode(0o640)).unwrap();
    let mut before = File::open(&report).unwrap();
    run("report.json", 0, &[]);
    whole();
    assert_eq!(std::io::read_to_string(&mut before).unwrap(), "before");
    assert_eq!(std::fs::metadata(&report).unwrap().mode() & 0o777, 0o640);
    // A link stays one.
    symlink("report.json", home.join("link.json")).unwrap();
    std::fs::write(&report, "before").unwrap();
    run("link.json", 0, &[]);
    whole();
    assert!(
        home.join("link.json")
            .symlink_metadata()
            .unwrap()
            .is_symlink()
    );
    // Beside them stands nothing else.
    assert_eq!(std::fs::read_dir(home).unwrap().count(), 3);

    // What is no file is written to, never replaced.
    let text = run("/dev/stdout", 0, &["\"conclusion\": \"COMPATIBLE\""]);
    assert!(text.ends_with("COMPATIBLE\n"), "{text}");
    run("/dev/full", 3, &["/dev/full cannot be written"]);
    run(
        "nowhere/report.json",
        3,
        &["nowhere/report.json cannot be written"],
    );
    run("old", 3, &["old cannot be written"]);
}

#[test]
fn an_output_that_takes_nothing_is_told() {
    let home = home();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    for args in [
        &["compat", "check", "--new", "old", "--against", "old"][..],
        &["explain", "HSK-001"],
        &["--help"],
        &["test", "--exact", "HSK-001"],
        &["test", "--exact", "HSK-001", "--format", "json"],
    ] {
        let mut command = Command::new(BINARY);
        command.args(args).current_dir(home.path());
        command.stdin(Stdio::null()).stdout(full());
        let output = ended(command.stderr(Stdio::piped()).spawn().unwrap());
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{args:?}: {text}");
        let told = text.matches("error: stdout cannot be written: ").count();
        assert_eq!(told, 1, "{args:?}: {text}");
    }
    // A reader that went away has read enough.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = ended(compat(home.path(), &CHECK).stdout(writer).spawn().unwrap());
    assert_eq!(output.status.code(), Some(130));
    assert!(output.stderr.is_empty(), "{output:?}");
}

#[test]
fn revisions_say_what_is_missing() {
    let home = home();
    let home = home.path();
    let against = |named: &str, words: &[&str]| {
        let args = ["check", "--new", "old", "--against", named];
        ends(home, &args, 2, words)
    };
    against("git:HEAD", &["git:HEAD: ", "not a git repository"]);
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
    against("git:HEAD", &["git:HEAD: there is no such revision"]);
    write(home, "docs/readme", "");
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "first"]);
    for path in ["nope", "nope.proto", "nope.binpb", "old/nope"] {
        let text = against(
            &format!("git:HEAD:{path}"),
            &[&format!(
                "error: git:HEAD:{path}: the revision has no such file or directory\n"
            )],
        );
        assert!(!text.contains("hint"), "{text}");
    }
    against("git:HEAD:docs", &["git:HEAD:docs: ", "no .proto file"]);
}

#[test]
fn a_version_that_does_not_rise_is_told_by_its_versions() {
    let home = home();
    let home = home.path();
    write(
        home,
        "new/box.proto",
        &TEXT.replace("size = 1;", "size = 1;\n  int32 more = 2;"),
    );
    let declared = |version: &str, words: &[&str]| {
        let args = [
            "check",
            "--new",
            "new",
            "--against",
            "1.1.0=old",
            "--declared",
            version,
        ];
        ends(home, &args, 1, words)
    };
    declared(
        "1.1.0",
        &["1.1.0 is no step up from 1.1.0 (old)", "1.2.0 at least"],
    );
    declared(
        "1.1.1",
        &["1.1.1 is a patch over 1.1.0 (old)", "1.2.0 at least"],
    );
    declared("0.5.0", &["0.5.0 is below 1.1.0 (old)", "1.2.0 at least"]);
    write(home, "aperio-plugin.toml", "[compat]\nproto = [\"old\"]\n");
    let args = ["check", "--declared", "0.5.0"];
    ends(
        home,
        &args,
        4,
        &["there is no released version in proto/released"],
    );
    ends(home, &["lock", "--release", "1.0.0"], 0, &[]);
    let told = "every released version in proto/released is above 0.5.0";
    ends(home, &args, 4, &[told]);
}

#[test]
fn a_name_that_is_a_release_and_a_directory_is_told() {
    let home = home();
    let home = home.path();
    write(home, "1.1.0/box.proto", TEXT);
    let check = |new: &str, code: i32| {
        ends(
            home,
            &["check", "--new", new, "--against", "old"],
            code,
            &[],
        )
    };
    let text = check("1.1.0", 1);
    let note = "note: 1.1.0 is the released version; ./1.1.0 is the directory\n";
    assert_eq!(text.matches(note).count(), 1, "{text}");
    assert!(!text.contains("acme.v1   "), "{text}");
    let text = check("./1.1.0", 0);
    assert!(
        !text.contains("note: 1.1.0") && text.contains("acme.v1"),
        "{text}"
    );
}
