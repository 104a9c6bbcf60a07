//! A stranger's first mistakes: each output says what was seen, shows the
//! plugin's last words, names the promise and what to change.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");

/// Judges a command and expects this exit code, a block about each of these
/// ids, and these words in it.
fn judged(flags: &[&str], command: &[&str], code: i32, tells: &[(&str, &[&str])]) {
    let output = Command::new(BINARY)
        .args(["test", "--no-solo-rerun", "--timeout-scale", "0.2"])
        .args(flags)
        .arg("--")
        .args(command)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.status.code(), Some(code), "{command:?}\n{text}");
    for (id, words) in tells {
        let rule = "─".repeat(79);
        let block = text
            .split(&rule)
            .find(|block| block.trim_start().starts_with(id))
            .unwrap_or_else(|| panic!("{command:?}: no block about {id} in\n{text}"));
        for word in *words {
            assert!(
                block.contains(word),
                "{command:?}: {id} lacks {word:?}\n{text}"
            );
        }
    }
}

fn file(dir: &Path, name: &str, bytes: &[u8], mode: u32) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

/// A file that does not start ends in one root and one way out.
fn unstartable(name: &str, bytes: &[u8], mode: u32, id: &str, words: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), name, bytes, mode);
    judged(&[], &[path.to_str().unwrap()], 1, &[(id, words)]);
}

fn shell(script: &str, tells: &[(&str, &[&str])]) {
    judged(&[], &["/bin/sh", "-c", script], 1, tells);
}

fn with_defect(name: &str, tells: &[(&str, &[&str])]) {
    judged(
        &[],
        &[BINARY, "reference-plugin", "--defect", name],
        1,
        tells,
    );
}

#[test]
fn a_missing_binary_is_a_mistake_of_the_command_line() {
    let output = Command::new(BINARY)
        .args(["test", "--", "./no-such-plugin"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{text}");
    assert!(
        text.contains("./no-such-plugin") && text.contains("hint:"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_not_executable() {
    unstartable(
        "plugin",
        b"#!/bin/sh\n",
        0o644,
        "HSK-001",
        &["mode 0644", "Hint", "chmod +x"],
    );
}

#[test]
fn a_file_for_another_machine_or_no_program() {
    let mut elf = b"\x7fELF\x02\x01\x01".to_vec();
    elf.resize(64, 0);
    elf[18] = 0xb7;
    unstartable(
        "plugin",
        &elf,
        0o755,
        "HSK-002",
        &["aarch64", "Hint", "GOARCH"],
    );
    unstartable(
        "notes",
        b"just text\n",
        0o755,
        "HSK-002",
        &["no program", "Hint"],
    );
}

#[test]
fn a_bad_shebang() {
    let crlf = b"#!/bin/sh\r\nexit 0\r\n";
    unstartable(
        "plugin",
        crlf,
        0o755,
        "HSK-004",
        &["carriage return", "Hint", "LF line ends"],
    );
    let gone = b"#!/opt/no/such/python3\n";
    unstartable(
        "plugin",
        gone,
        0o755,
        "HSK-004",
        &["/opt/no/such/python3", "Hint", "install"],
    );
}

#[test]
fn a_plugin_that_speaks_another_protocol() {
    shell(
        "echo '1|1|unix|/tmp/plugin|netrpc|'; sleep 9",
        &[("LIFE-002", &["netrpc", "Hint", "GRPCServer"])],
    );
}

#[test]
fn a_banner_before_the_line() {
    with_defect(
        "prints_banner",
        &[(
            "LIFE-004",
            &["Reference plugin, welcome!", "Hint", "write logs to stderr"],
        )],
    );
    shell(
        "echo 'Server starting' ; echo ready >&2; sleep 9",
        &[("HSK-011", &["Server starting", "ready", "Hint"])],
    );
}

#[test]
fn an_end_before_the_line_by_every_cause() {
    let id = "LIFE-002";
    shell(
        "echo reason >&2; exit 0",
        &[(id, &["exit code 0", "reason", "Hint", "stderr"])],
    );
    shell(
        "echo reason >&2; exit 7",
        &[(id, &["exit code 7", "reason"])],
    );
    shell(
        "echo reason >&2; kill -SEGV $$",
        &[(id, &["SIGSEGV", "reason"])],
    );
    shell(
        "echo reason >&2; exec >&- ; sleep 9",
        &[(id, &["closed stdout", "lives on", "reason"])],
    );
    shell(
        "echo reason >&2; sleep 9",
        &[(
            id,
            &["start timeout", "nothing on stdout", "reason", "Hint"],
        )],
    );
}

#[test]
fn a_wrong_cookie() {
    judged(
        &["--cookie", "MY_COOKIE=wrong"],
        &[BINARY, "reference-plugin"],
        1,
        &[(
            "LIFE-002",
            &[
                "exit code 1",
                "a host starts it",
                "Hint",
                "--cookie KEY=VALUE",
            ],
        )],
    );
}

#[test]
fn a_wrong_protocol_version() {
    with_defect(
        "announces_unoffered_version",
        &[(
            "LIFE-003",
            &["Expected   1", "Actual     9", "Hint", "--app-protocols"],
        )],
    );
}

#[test]
fn auto_mtls_ignored_or_answered_with_padding() {
    with_defect(
        "ignores_auto_mtls",
        &[(
            "TLS-001",
            &[
                "a certificate in field 6",
                "Plugin's stderr",
                "Hint",
                "--no-auto-mtls",
            ],
        )],
    );
    with_defect(
        "pads_certificate",
        &[(
            "TLS-003",
            &[
                "unpadded standard base64",
                "Plugin's stderr",
                "Hint",
                "without removing `=`",
            ],
        )],
    );
}

#[test]
fn an_address_that_nobody_listens_at() {
    shell(
        "echo '1|1|unix|/tmp/ap-nowhere.sock|grpc|'; echo reason >&2; sleep 9",
        &[(
            "HSK-017",
            &["/tmp/ap-nowhere.sock", "No such file", "reason", "Hint"],
        )],
    );
}

#[test]
fn a_death_in_the_middle_is_told_by_its_cause() {
    let hostile = |name: &str, id: &str, words: &[&str]| {
        let command = [BINARY, "reference-plugin", "--hostile", name];
        judged(&[], &command, 1, &[(id, words)]);
    };
    hostile(
        "dies_in_health",
        "LIFE-005",
        &["killed by SIGKILL", "Hint", "ended by itself"],
    );
    hostile(
        "sleeps_in_health",
        "LIFE-005",
        &[
            "no answer within 2 s",
            "bytes came: ",
            "Hint",
            "no answer to the call is among",
        ],
    );
    hostile(
        "sleeps_in_connection",
        "LIFE-005",
        &["no answer within 2 s", "Hint", "nothing came back"],
    );
}

#[test]
fn a_first_call_that_breaks_is_told_by_what_came() {
    let hostile = |name: &str, words: &[&str]| {
        let command = [BINARY, "reference-plugin", "--hostile", name];
        judged(&[], &command, 1, &[("LIFE-005", words)]);
    };
    hostile(
        "pushes_response",
        &[
            "connection error detected",
            "1 PUSH_PROMISE",
            "Hint",
            "gave the connection up",
        ],
    );
    hostile("resets_streams", &[" RST_STREAM", "Hint", "by a frame"]);
    hostile(
        "sends_endless_hints",
        &["no answer within 2 s", " HEADERS", "Hint", "1xx"],
    );
}
