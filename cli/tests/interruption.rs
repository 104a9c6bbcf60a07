//! A run that is cut short ends at once, says so, and leaves nothing behind.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");

/// Longest wait for anything; a busy machine is slow, and a hang is longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A harness that judges a plugin which notes its directories.
struct Run {
    child: Child,
    stdout: Option<BufReader<std::process::ChildStdout>>,
    dir: tempfile::TempDir,
}

impl Run {
    /// `body` is a shell script that ends in a plugin or something like one.
    fn start(body: &str, args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let plugin = dir.path().join("plugin");
        let noted = dir.path().join("noted");
        let script = format!(
            "#!/bin/sh\necho \"$TMPDIR\" >> {}\n{body}\n",
            noted.display()
        );
        std::fs::write(&plugin, script).unwrap();
        std::fs::set_permissions(&plugin, PermissionsExt::from_mode(0o755)).unwrap();
        let mut child = Command::new(BINARY)
            .args(["test", "--format", "json", "--report"])
            .arg(format!("json={}", dir.path().join("report.json").display()))
            .args(args)
            .arg("--")
            .arg(&plugin)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(dir.path().join("talk")).unwrap())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().map(BufReader::new);
        Run { child, stdout, dir }
    }

    fn noted(&self) -> Vec<PathBuf> {
        let text = std::fs::read_to_string(self.dir.path().join("noted")).unwrap_or_default();
        text.lines().map(PathBuf::from).collect()
    }

    /// Waits until so many processes were started.
    fn launches(&self, number: usize) {
        until(|| self.noted().len() >= number);
    }

    /// Waits until the harness has said this to its user.
    fn said(&self, words: &str) {
        let talk = self.dir.path().join("talk");
        until(|| std::fs::read_to_string(&talk).is_ok_and(|text| text.contains(words)));
    }

    /// Reads events up to one of this kind.
    fn event(&mut self, kind: &str) {
        let stdout = self.stdout.as_mut().unwrap();
        let kind = format!("\"t\":\"{kind}\"");
        let mut line = String::new();
        while !line.contains(&kind) {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "no {kind}");
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("/bin/kill")
                .args(["-s", name, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The last event, the exit status, and the time it took.
    fn end(mut self) -> (serde_json::Value, ExitStatus, Duration) {
        let asked = Instant::now();
        let mut last = String::new();
        if let Some(stdout) = self.stdout.take() {
            last = stdout
                .lines()
                .map_while(Result::ok)
                .last()
                .unwrap_or_default();
        }
        let mut status = None;
        until(|| {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        let took = asked.elapsed();
        for place in self.noted() {
            assert!(!place.exists(), "{} is left", place.display());
            assert_eq!(living(&place), Vec::<String>::new());
        }
        let event = serde_json::from_str(&last).unwrap_or_default();
        (event, status.unwrap(), took)
    }

    fn report(&self) -> PathBuf {
        self.dir.path().join("report.json")
    }
}

fn until(mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "it did not come in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Processes that were started with this directory.
fn living(place: &Path) -> Vec<String> {
    let marker = format!("TMPDIR={}", place.display());
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter(|entry| {
            std::fs::read(entry.path().join("environ")).is_ok_and(|variables| {
                variables
                    .split(|&byte| byte == 0)
                    .any(|variable| variable == marker.as_bytes())
            })
        })
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

fn reference() -> String {
    format!("exec {BINARY} reference-plugin")
}

/// Never prints a line, ignores SIGTERM, and has a child in a session of its
/// own.
const STUBBORN: &str = "trap '' TERM INT HUP\nsetsid sleep 600 &\nwhile :; do sleep 1; done";

#[test]
fn one_signal_ends_the_run_and_the_report_says_so() {
    for signal in ["INT", "TERM"] {
        let mut run = Run::start(&reference(), &[]);
        run.event("test-end");
        run.signal(signal);
        let report = run.report();
        let stdout = run.stdout.take();
        let last = stdout
            .unwrap()
            .lines()
            .map_while(Result::ok)
            .last()
            .unwrap_or_default();
        let event: serde_json::Value = serde_json::from_str(&last).unwrap();
        assert_eq!(event["t"], "run-end");
        assert_eq!(event["exit"], 130);
        assert_eq!(event["incomplete"], true);
        let written: serde_json::Value =
            serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
        assert_eq!(written, event["report"]);
        let (_, status, _) = run.end();
        assert_eq!(status.code(), Some(130));
    }
}

#[test]
fn stubborn_plugins_are_killed() {
    let run = Run::start(STUBBORN, &[]);
    run.launches(1);
    run.signal("INT");
    let (event, status, took) = run.end();
    assert_eq!(status.code(), Some(130));
    assert_eq!(event["incomplete"], true);
    assert!(took < PATIENCE / 2, "{took:?}");
}

#[test]
fn a_second_signal_ends_everything() {
    let mut run = Run::start(STUBBORN, &[]);
    // Nobody reads, and the plan alone is longer than the pipe: after one
    // signal the run hangs where it begins to tell.
    let stdout = run.stdout.take().unwrap();
    rustix::pipe::fcntl_setpipe_size(stdout.get_ref(), 4096).unwrap();
    run.launches(1);
    run.signal("INT");
    run.said("once more kills them");
    run.signal("INT");
    let (_, status, _) = run.end();
    assert_eq!(status.code(), Some(130));
    drop(stdout);
}

#[test]
fn a_reader_that_goes_away_ends_the_run() {
    let mut run = Run::start(STUBBORN, &[]);
    run.launches(1);
    drop(run.stdout.take());
    let (_, status, took) = run.end();
    assert_eq!(status.code(), Some(130));
    assert!(took < PATIENCE / 2, "{took:?}");
}

#[test]
fn the_time_of_a_run_is_bounded() {
    let run = Run::start(STUBBORN, &["--global-timeout", "2s"]);
    let (event, status, _) = run.end();
    assert_eq!(status.code(), Some(3), "{event}");
    assert_eq!(event["incomplete"], true);
    assert_eq!(event["conclusion"], "could-not-judge");
}
