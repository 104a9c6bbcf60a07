//! `test --reattach`: a running plugin is judged, and nobody is started or
//! stopped.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");

/// A process that ends with the test.
struct Running(Child);

impl Running {
    fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The reference plugin as somebody else starts it, and its address.
fn plugin(sockets: &std::path::Path, env: &[(&str, &str)]) -> (Running, String) {
    let mut child = Command::new(BINARY)
        .arg("reference-plugin")
        .env(proto::cookie::KEY, proto::cookie::VALUE)
        .env(proto::env::UNIX_SOCKET_DIR, sockets)
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let stdout = child.stdout.take().unwrap();
    BufReader::new(stdout).read_line(&mut line).unwrap();
    let address = line.split('|').nth(3).expect("a handshake line").to_owned();
    (Running(child), address)
}

fn json(pid: u32, address: &str) -> String {
    format!(
        r#"{{"p":{{"Protocol":"grpc","ProtocolVersion":1,"Pid":{pid},"Test":true,"Addr":{{"Network":"unix","String":"{address}"}}}}}}"#
    )
}

fn attach(json: &str, more: &[&str]) -> Output {
    Command::new(BINARY)
        .args(["test", "--reattach", json])
        .args(more)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn a_running_plugin_is_judged_and_goes_on() {
    let sockets = tempfile::tempdir().unwrap();
    let (mut plugin, address) = plugin(sockets.path(), &[]);
    let output = attach(&json(plugin.0.id(), &address), &["--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let events = String::from_utf8_lossy(&output.stdout);
    let end: serde_json::Value = serde_json::from_str(events.lines().last().unwrap()).unwrap();
    let report = &end["report"];
    assert_eq!(report["conclusion"], "no-verdict-filtered");
    assert_eq!(report["subject"]["reference"], false);
    let verdict = |id: &str| {
        let results = report["results"].as_array().unwrap();
        let judged = results.iter().find(|judged| judged["id"] == id).unwrap();
        let reason = judged["reason"]["kind"].as_str().unwrap_or_default();
        format!("{} {reason}", judged["verdict"].as_str().unwrap())
    };
    for id in ["LIFE-005", "ID-001", "BRK-001"] {
        assert_eq!(verdict(id), "pass ");
    }
    // A record, a launch, TLS, and output of a process that is not ours.
    for id in ["HSK-010", "LIFE-001", "TLS-005", "LOG-008"] {
        assert_eq!(verdict(id), "skip reattached");
    }
    assert!(plugin.is_alive(), "the plugin was stopped");
}

#[test]
fn what_cannot_be_attached_to_is_not_judged_and_not_killed() {
    let sleeper = Command::new("sleep").arg("60").spawn().unwrap();
    let mut sleeper = Running(sleeper);
    let output = attach(&json(sleeper.0.id(), "/tmp/ap-nowhere.sock"), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(text(&output).contains("no plugin to attach to: connecting failed"));
    assert!(sleeper.is_alive(), "a process that is no plugin was killed");

    let sockets = tempfile::tempdir().unwrap();
    let asked = [(proto::env::MULTIPLEX_GRPC, "true")];
    let (mut plugin, address) = plugin(sockets.path(), &asked);
    let output = attach(&json(plugin.0.id(), &address), &[]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output));
    assert!(text(&output).contains("without TLS and multiplexing"));
    assert!(plugin.is_alive(), "the plugin was stopped");
}

#[test]
fn mistakes_are_told_and_end_in_2() {
    let good = json(7, "/s");
    for (json, more, words) in [
        ("{", &[][..], "no reattach JSON"),
        ("{}", &[], "names 0 plugins"),
        (&good.replace("grpc", "netrpc"), &[], "not grpc"),
        (
            &good.replace("Test", "AutoMTLS"),
            &[],
            "unknown field `AutoMTLS`",
        ),
        (&good, &["--", "/bin/true"], "cannot be used with"),
        (&good, &["--cookie", "K=V"], "cannot be used with"),
    ] {
        let output = attach(json, more);
        assert_eq!(output.status.code(), Some(2), "{json}: {}", text(&output));
        assert!(text(&output).contains(words), "{words}: {}", text(&output));
    }
}

#[test]
fn a_plugin_whose_file_is_hidden_is_named_by_its_address() {
    let gone = {
        let mut child = Command::new("/bin/true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    };
    let output = attach(&json(gone, "/tmp/ap-nowhere.sock"), &["--exact", "HSK-017"]);
    let text = text(&output);
    assert!(text.contains("\nplugin  /tmp/ap-nowhere.sock\n"), "{text}");
}
