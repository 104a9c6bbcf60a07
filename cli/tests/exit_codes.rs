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
        &["test", "-E", "id(HSK-010"],
        &["test", "-E", "idd(HSK-010)"],
        &["test", "--seed", "seven"],
        &["test", "--interface", "2.0"],
        &["spec", "--interface", "+1.+1"],
        &["spec", "--interface", "1.01"],
        &["test", "--rpc-timeout", "soon"],
        &["test", "--fail-fast", "--max-fail", "2"],
        &["test", "--report", "yaml=x"],
        &["test", "--report", "ndjson=/dev/null,json=/dev/null"],
        &["test", "--report", "json=/no/such/dir/report.json"],
        &["explain", "NOPE-001"],
        &["self-test", "--defect", "nope"],
    ] {
        let output = aperio(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", text(&output));
    }
}

#[test]
fn an_empty_selection_ends_in_4() {
    for args in [
        &["test", "no such promise"][..],
        &["test", "--exact", "HSK-10"],
        &["test", "-E", "area(HSK) & area(TLS)"],
        &["test", "--list", "no such promise"],
    ] {
        let output = aperio(args);
        assert_eq!(output.status.code(), Some(4), "{args:?}: {}", text(&output));
    }
    let output = aperio(&["test", "--exact", "HSK-10"]);
    assert!(text(&output).contains("did you mean HSK-010?"));
    let output = aperio(&["test", "--no-tests", "pass", "no such promise"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn lists_and_texts_end_in_0() {
    for args in [
        &["test", "--list"][..],
        &[
            "test",
            "--list",
            "--format",
            "json",
            "-E",
            "area(HSK) | level(may)",
        ],
        &["test", "--show-config"],
        &["spec", "--coverage"],
        &["spec", "--coverage", "--format", "json"],
        &["spec", "--interface", "1.1"],
        &["doctor"],
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
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = Command::new(BINARY)
        .args(["spec"])
        .stdout(writer)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(!text(&output).contains("panicked"));
}

/// A value by a path such as `report/exit`.
fn at<'a>(value: &'a serde_json::Value, path: &str) -> &'a serde_json::Value {
    value
        .pointer(&format!("/{path}"))
        .unwrap_or_else(|| panic!("{path} is missing in {value}"))
}

#[test]
fn a_conforming_plugin_ends_in_0_and_its_events_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("report.json");
    let output = aperio(&[
        "test",
        "--format",
        "json",
        "--seed",
        "7",
        "--report",
        &format!("json={}", file.display()),
        "--",
        BINARY,
        "reference-plugin",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(
        lines
            .lines()
            .all(|line| line.starts_with("{\"v\":1,\"t\":\""))
    );
    let events: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let of = |kind: &str| -> Vec<&serde_json::Value> {
        events.iter().filter(|event| event["t"] == kind).collect()
    };
    assert_eq!(events[0]["t"], "run-start");
    assert_eq!(events[0]["seed"], 7);
    assert_eq!(at(&events[0], "subject/id"), "aperio/reference");
    let end = events.last().unwrap();
    assert_eq!(end["t"], "run-end");
    assert_eq!(end["exit"], 0);
    assert_eq!(at(end, "report/conclusion"), "conformant");
    let planned = at(of("plan")[0], "cases").as_array().unwrap().len();
    let judged: std::collections::BTreeSet<&str> = of("test-end")
        .iter()
        .map(|event| event["id"].as_str().unwrap())
        .collect();
    assert_eq!(judged.len(), planned);
    assert_eq!(of("test-end").len(), planned, "each id is judged once");
    assert_eq!(of("test-start").len(), planned, "each id starts once");
    let written: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(&written, at(end, "report"));
}

#[test]
fn every_file_of_events_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let [one, other] = ["one", "other"].map(|name| dir.path().join(name));
    let output = aperio(&[
        "test",
        "--exact",
        "HSK-010",
        "--report",
        &format!("ndjson={},ndjson={}", one.display(), other.display()),
        "--",
        BINARY,
        "reference-plugin",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let [one, other] = [one, other].map(|path| std::fs::read_to_string(path).unwrap());
    assert!(one == other, "the files differ");
    let last: serde_json::Value = serde_json::from_str(one.lines().last().unwrap()).unwrap();
    assert_eq!(last["t"], "run-end");
}

#[test]
fn a_configuration_that_does_not_parse_ends_in_5() {
    let dir = tempfile::tempdir().unwrap();
    for (text, word) in [
        ("[timeouts]\nstrat = \"1s\"\n", "did you mean start?"),
        ("[plugin\n", "config.toml:1"),
        ("[run]\nprofile = \"default\"\n", "config.toml:2"),
        ("[config]\ndomain = \"acme.example\"\n", "config.toml:1"),
    ] {
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        let output = aperio(&["test", "--config", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(5), "{}", self::text(&output));
        assert!(
            self::text(&output).contains(word),
            "{}",
            self::text(&output)
        );
    }
    let output = aperio(&["test", "--config", "/no/such/file.toml"]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output));
}

#[test]
fn a_harness_that_is_too_old_could_not_judge() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    std::fs::write(&path, "[interface]\nharness = \">=99\"\n").unwrap();
    let output = aperio(&["test", "--config", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
}

#[test]
fn flags_count_before_the_environment_and_that_before_the_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("aperio-plugin.toml"),
        "[run]\nseed = 1\njobs = 3\n[timeouts]\nstart = \"9s\"\n",
    )
    .unwrap();
    std::fs::create_dir(dir.path().join("below")).unwrap();
    let output = Command::new(BINARY)
        .args(["test", "--show-config", "--rpc-timeout", "3s"])
        .env("APERIO_PLUGIN_SEED", "2")
        .env("APERIO_PLUGIN_RPC_TIMEOUT", "4s")
        .current_dir(dir.path().join("below"))
        .output()
        .unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    for (key, origin) in [
        ("run.seed = 2", "environment APERIO_PLUGIN_SEED"),
        ("run.jobs = 3", "aperio-plugin.toml"),
        ("timeouts.start = 9s", "aperio-plugin.toml"),
        ("timeouts.rpc = 3s", "flag --rpc-timeout"),
        ("timeouts.kill = 5s", "default"),
    ] {
        let line = text.lines().find(|line| line.starts_with(key));
        assert!(
            line.is_some_and(|line| line.contains(origin)),
            "{key} in\n{text}"
        );
    }
}

#[test]
fn the_plan_says_why_the_rest_does_not_run() {
    let output = aperio(&[
        "test",
        "--plan",
        "-E",
        "area(LIFE)",
        "--",
        BINARY,
        "reference-plugin",
    ]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("run   LIFE-002") && text.contains("leave HSK-010"),
        "{text}"
    );
}

#[test]
fn github_gets_annotations_and_a_summary() {
    let dir = tempfile::tempdir().unwrap();
    let summary = dir.path().join("summary.md");
    let args = [
        "test",
        "--no-solo-rerun",
        "--timeout-scale",
        "0.2",
        "--format",
        "github",
        "--",
        "/bin/sh",
        "-c",
        "printf '::error::mine,%%\\n' >&2; echo '::error::mine'",
    ];
    let output = Command::new(BINARY)
        .args(args)
        .env("GITHUB_STEP_SUMMARY", &summary)
        .output()
        .unwrap();
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let lines: Vec<&str> = text.lines().collect();
    let stop = lines
        .iter()
        .find_map(|line| line.strip_prefix("::stop-commands::"))
        .expect("commands are stopped before the plugin speaks");
    let resume = format!("::{stop}::");
    let resumed = lines.iter().position(|line| *line == resume).unwrap();
    let commands: Vec<&&str> = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| *at > resumed && line.starts_with("::"))
        .map(|(_, line)| line)
        .collect();
    assert!(
        commands
            .iter()
            .any(|line| line.starts_with("::error title=")),
        "{text}"
    );
    assert!(!lines.iter().any(|line| line.starts_with("::error::mine")));
    assert!(
        std::fs::read_to_string(&summary)
            .unwrap()
            .contains("NOT CONFORMANT")
    );
}

#[test]
fn enough_failures_end_the_run() {
    let output = aperio(&[
        "test",
        "--no-solo-rerun",
        "--fail-fast",
        "--format",
        "json",
        "--",
        BINARY,
        "reference-plugin",
        "--defect",
        "ends_broker_stream",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let last = String::from_utf8(output.stdout).unwrap();
    let end: serde_json::Value = serde_json::from_str(last.lines().last().unwrap()).unwrap();
    assert!(at(&end, "counts/skipped").as_u64().unwrap() > 0, "{end}");
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
        &["HSK-017 · MUST", "nobody accepts at the announced address"],
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
