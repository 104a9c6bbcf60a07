//! One run of the command line over one plugin, and the report it prints.

use libtest_mimic::Failed;
use peers::Peer;
use std::path::Path;
use std::process::{Command, Stdio};
use terms::Report;

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");

/// What the command line says of a built peer.
pub(crate) fn judge(peer: &Peer, fixtures: &Path) -> Result<Report, Failed> {
    let mut flags = vec!["--contract".to_owned(), peer.contract.clone()];
    if let Some(cookie) = &peer.cookie {
        flags.extend(["--cookie".to_owned(), cookie.clone()]);
    }
    if !peer.app_protocols.is_empty() {
        let majors: Vec<String> = peer.app_protocols.iter().map(u32::to_string).collect();
        flags.extend(["--app-protocols".to_owned(), majors.join(",")]);
    }
    if !peer.auto_mtls {
        flags.push("--no-auto-mtls".to_owned());
    }
    judged(&flags, &peer.command(fixtures))
}

/// What it says of the reference plugin.
pub(crate) fn judge_reference() -> Result<Report, Failed> {
    judged(&[], &[BINARY.to_owned(), "reference-plugin".to_owned()])
}

fn judged(flags: &[String], command: &[String]) -> Result<Report, Failed> {
    let output = Command::new(BINARY)
        .args(["test", "--format", "json"])
        .args(flags)
        .arg("--")
        .args(command)
        .stdin(Stdio::null())
        .output()?;
    report(&output.stdout).ok_or_else(|| {
        format!(
            "no report came of {}: {}\n{}",
            command.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )
        .into()
    })
}

/// The report of `--format json`: the whole output, or what the last event of a
/// stream holds.
fn report(stdout: &[u8]) -> Option<Report> {
    serde_json::from_slice(stdout).ok().or_else(|| {
        let last = stdout
            .split(|&byte| byte == b'\n')
            .rfind(|line| !line.is_empty())?;
        let mut event: serde_json::Value = serde_json::from_slice(last).ok()?;
        serde_json::from_value(event.get_mut("report")?.take()).ok()
    })
}
