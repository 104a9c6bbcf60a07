//! The table of exit codes, and what a stranger's mistakes end in.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");

fn aperio(args: &[&str]) -> Output {
    Command::new(BINARY)
        .args(args)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .expect("the binary under test starts")
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn file(dir: &Path, name: &str, bytes: &[u8], mode: u32) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

/// Judges a plugin with short limits and expects this exit code and these
/// words.
fn judged(command: &[&str], code: i32, words: &[&str]) {
    let mut args = vec!["test", "--no-solo-rerun", "--timeout-scale", "0.2", "--"];
    args.extend(command);
    let output = aperio(&args);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    for word in words {
        assert!(text.contains(word), "{word:?} is missing in\n{text}");
    }
}

#[test]
fn usage_mistakes_end_in_2() {
    for args in [
        &["frobnicate"][..],
        &["test", "--no-such-flag"],
        &["test", "--exact"],
        &["test", "--timeout-scale", "nan"],
        &["test", "--cookie", "novalue", "--", "/bin/true"],
        &["test", "--", "/no/such/file"],
        &["test", "--", "no-such-program-anywhere"],
        &["explain", "NOPE-001"],
        &["self-test", "--defect", "nope"],
    ] {
        let output = aperio(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
    }
}

#[test]
fn an_empty_selection_ends_in_4() {
    let output = aperio(&["test", "no such promise"]);
    assert_eq!(output.status.code(), Some(4), "{}", text(&output));
}

#[test]
fn lists_and_texts_end_in_0() {
    for args in [
        &["test", "--list"][..],
        &["explain", "hsk-010"],
        &["spec", "--format", "json"],
        &["completions", "bash"],
        &["--help"],
        &["--version"],
    ] {
        let output = aperio(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output));
        assert!(!output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn a_closed_stdout_is_an_interruption() {
    let mut child = Command::new(BINARY)
        .args(["spec"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(!text(&output).contains("panicked"));
}

#[test]
fn a_conforming_plugin_ends_in_0_and_json_is_whole() {
    let output = aperio(&["test", "--format", "json", "--", BINARY, "reference-plugin"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["conclusion"], "conformant");
    assert_eq!(report["exit"], 0);
    assert_eq!(
        report["results"].as_array().unwrap().len(),
        contract::checks().len()
    );
}

#[test]
fn a_filtered_run_gives_no_verdict() {
    let output = aperio(&["test", "HSK-010", "--", BINARY, "reference-plugin"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("NO VERDICT (filtered run)"));
}

#[test]
fn files_that_cannot_start_are_breaches_that_say_why() {
    let dir = tempfile::tempdir().unwrap();
    let plain = file(dir.path(), "plain", b"#!/bin/sh\n", 0o644);
    judged(
        &[plain.to_str().unwrap()],
        1,
        &["not executable (mode 0644)", "LIFE-002"],
    );
    let crlf = file(dir.path(), "crlf", b"#!/bin/sh\r\necho x\r\n", 0o755);
    judged(
        &[crlf.to_str().unwrap()],
        1,
        &["interpreter /bin/sh\\r", "carriage return"],
    );
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(64, 0);
    elf[18] = 0xb7;
    let foreign = file(dir.path(), "foreign", &elf, 0o755);
    judged(&[foreign.to_str().unwrap()], 1, &["aarch64"]);
}

#[test]
fn programs_that_are_no_plugins_are_told_what_was_seen() {
    let nowhere = "echo '1|1|unix|/tmp/ap-nowhere.sock|grpc|'; exec sleep 60";
    judged(
        &["/bin/sh", "-c", nowhere],
        1,
        &["FAIL HSK-017", "nobody accepts at the announced address"],
    );
    judged(
        &["/bin/true"],
        1,
        &["ended before its handshake line: exit code 0"],
    );
    judged(
        &["/bin/sh", "-c", "echo reason >&2; exit 7"],
        1,
        &["exit code 7", "reason"],
    );
    judged(&["/bin/sh", "-c", "kill -9 $$"], 1, &["killed by SIGKILL"]);
    judged(&["/bin/echo", "hello"], 1, &["HSK-011", "hello"]);
    judged(
        &["/bin/sleep", "60"],
        1,
        &["no handshake line before the start timeout"],
    );
}

#[test]
fn hostile_output_is_bounded_escaped_and_survived() {
    judged(&["/bin/sh", "-c", "yes x >&2"], 1, &["LIFE-002"]);
    judged(&["/bin/sh", "-c", "cat /dev/zero"], 1, &["HSK-010"]);
    judged(&["/bin/sh", "-c", "yes ::error::mine"], 1, &["HSK-011"]);
    let output = aperio(&[
        "test",
        "--no-solo-rerun",
        "--",
        "/bin/sh",
        "-c",
        r"printf '\033[31m::error::x\n' >&2; printf '\033]0;t\007|x\n'; sleep 1",
    ]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(!text.contains('\x1b') && !text.contains('\x07'), "{text:?}");
    // A child outside the group is found by its environment and killed.
    judged(
        &["/bin/sh", "-c", "setsid sleep 987654 & exit 0"],
        1,
        &["ended before its handshake line"],
    );
    assert!(!running("987654"), "a survivor was left behind");
}

fn running(argument: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| {
            line.split(|&byte| byte == 0)
                .any(|word| word == argument.as_bytes())
        })
    })
}
