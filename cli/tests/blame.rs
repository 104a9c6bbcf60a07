//! Whose fault it is: a crash that one check sees, what comes after a crash,
//! what is not served, and bounds that the user's shell or the harness sets.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");

/// Writes a plugin that is a script.
fn script(home: &Path, body: &str) -> PathBuf {
    let path = home.join("plugin");
    std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Judges by some requirements, below a shell that says `before` first.
fn judged(home: &Path, before: &str, plugin: &Path, ids: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new("/bin/sh")
        .arg("-c")
        .arg(format!("{before}\nexec \"$0\" \"$@\""))
        .args([BINARY, "test", "--format", "json", "--exact"])
        .args(ids)
        .arg("--")
        .arg(plugin)
        .current_dir(home)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last = text.lines().next_back().unwrap();
    let mut event: Value = serde_json::from_str(last).unwrap();
    (output.status.code(), event["report"].take())
}

fn result<'a>(report: &'a Value, id: &str) -> &'a Value {
    let mut results = report["results"].as_array().unwrap().iter();
    results.find(|one| one["id"] == id).unwrap()
}

#[test]
fn a_crash_that_one_check_sees_is_no_chance() {
    let home = tempfile::tempdir().unwrap();
    let body = format!(
        "[ \"$LC_ALL\" = C ] && exec {BINARY} reference-plugin --hostile dies_in_describe
         exec {BINARY} reference-plugin"
    );
    let plugin = script(home.path(), &body);
    let (code, report) = judged(home.path(), "", &plugin, &["ROB-003"]);
    let crash = result(&report, "LIFE-013");
    assert_eq!(crash["verdict"], "fail", "{crash:#}");
    assert_eq!(crash["overlay"], Value::Null, "{crash:#}");
    assert_eq!(crash["seen_by"], serde_json::json!(["ROB-003"]));
    let command = crash["reproduce"].as_str().unwrap();
    assert!(command.contains("--exact ROB-003 "), "{command}");
    assert_eq!(code, Some(1));
}

#[test]
fn a_crash_that_a_check_without_second_try_sees_gets_one() {
    // Whether its own promise is kept or not.
    for defect in ["", "--defect outlives_host"] {
        let home = tempfile::tempdir().unwrap();
        let starts = home.path().join("starts");
        let starts = starts.display();
        let body = format!(
            "echo >> {starts}
             [ $(wc -l < {starts}) = 4 ] && exit 7
             exec {BINARY} reference-plugin {defect}"
        );
        let plugin = script(home.path(), &body);
        let (code, report) = judged(home.path(), "", &plugin, &["STOP-007"]);
        let crash = result(&report, "LIFE-002");
        assert_eq!(
            crash["seen_by"],
            serde_json::json!(["STOP-007"]),
            "{crash:#}"
        );
        assert_eq!(crash["overlay"], "flaky", "{crash:#}");
        assert_eq!(code, Some(3), "{defect}");
    }
}

#[test]
fn what_comes_after_a_crash_is_blocked_by_it() {
    let home = tempfile::tempdir().unwrap();
    let body = format!("exec {BINARY} reference-plugin --hostile dies_in_describe");
    let plugin = script(home.path(), &body);
    let ids = ["RPC-011", "HLT-001", "HLT-005", "HOST-001", "STOP-004"];
    let (code, report) = judged(home.path(), "", &plugin, &ids);
    assert_eq!(code, Some(1));
    assert_eq!(result(&report, "RPC-011")["verdict"], "fail");
    for id in &ids[1..] {
        let one = result(&report, id);
        assert_eq!(one["verdict"], "unknown", "{one:#}");
    }
}

#[test]
fn what_is_not_served_is_skipped_however_late_that_shows() {
    let home = tempfile::tempdir().unwrap();
    let ids = ["LOG-002", "LOG-004"];
    let seen = ["omits_stdio", "refuses_stdio_late"].map(|defect| {
        let body = format!("exec {BINARY} reference-plugin --defect {defect}");
        let plugin = script(home.path(), &body);
        let (_, report) = judged(home.path(), "", &plugin, &ids);
        ids.map(|id| {
            let one = result(&report, id);
            (id, one["verdict"].clone(), one["reason"].clone())
        })
    });
    assert_eq!(seen[0], seen[1]);
    for (id, verdict, _) in &seen[0] {
        assert_eq!(verdict, "skip", "{id}");
    }
}

#[test]
fn limits_of_the_shell_are_not_the_fault_of_the_file() {
    let home = tempfile::tempdir().unwrap();
    let plugin = script(home.path(), &format!("exec {BINARY} reference-plugin"));
    let before = "ulimit -f 60000; ulimit -n 1024";
    let (code, report) = judged(home.path(), before, &plugin, &["HSK-001", "RES-004"]);
    assert_eq!(code, Some(0), "{report:#}");
}

#[test]
fn the_bounds_of_a_launch_are_named_and_can_be_moved() {
    let home = tempfile::tempdir().unwrap();
    let body = format!(
        "dd if=/dev/zero of=\"$TMPDIR/file\" bs=1 count=1 seek=80M 2>/dev/null || kill -XFSZ $$
         rm \"$TMPDIR/file\"
         exec {BINARY} reference-plugin"
    );
    let plugin = script(home.path(), &body);
    let (code, report) = judged(home.path(), "", &plugin, &["LIFE-002"]);
    let line = result(&report, "LIFE-002");
    assert_eq!(code, Some(1), "{line:#}");
    assert!(line.to_string().contains("[limits]"), "{line:#}");
    let config = home.path().join("aperio-plugin.toml");
    std::fs::write(config, "[limits]\nfile_mib = 100\n").unwrap();
    let (code, report) = judged(home.path(), "", &plugin, &["LIFE-002"]);
    assert_eq!(code, Some(0), "{report:#}");
}
