//! Plugins on other makers' libraries, judged by every requirement: exactly
//! what their files expect fails.
//!
//! `UPDATE_EXPECTED=1` writes into each file what the run saw, with an empty
//! reason for what is new; the test fails until somebody has written them.

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use peers::{NotBuilt, Peer};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use terms::Report;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = peers::peers()
        .into_iter()
        .map(|peer| Trial::ignorable_test(peer.name.clone(), move || judged_as_expected(&peer)))
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// Where the peers are built.
fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../fixtures")
}

fn judged_as_expected(peer: &Peer) -> Result<Completion, Failed> {
    match peer.build(&fixtures()) {
        Ok(()) => {}
        Err(NotBuilt::Missing(what)) if std::env::var_os("REQUIRE_TOOLCHAINS").is_none() => {
            return Ok(Completion::ignored_with(what));
        }
        Err(NotBuilt::Missing(what) | NotBuilt::Failed(what)) => return Err(what.into()),
    }
    let report = judge(peer)?;
    let departures = peer.departures(&report);
    if departures.is_empty() {
        return Ok(Completion::Completed);
    }
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        let text = std::fs::read_to_string(peer.file())?;
        std::fs::write(peer.file(), peer.rewritten(&text, &report))?;
    }
    Err(format!(
        "{} of {}:\n  {}\nUPDATE_EXPECTED=1 cargo test --test real_plugins {} writes the file anew, without reasons",
        departures.len(),
        peer.file().display(),
        departures.join("\n  "),
        peer.name
    )
    .into())
}

/// What the command line says of a built peer.
fn judge(peer: &Peer) -> Result<Report, Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aperio-plugin"));
    command.args(["test", "--format", "json", "--contract", &peer.contract]);
    if !peer.app_protocols.is_empty() {
        let majors: Vec<String> = peer.app_protocols.iter().map(u32::to_string).collect();
        command.args(["--app-protocols", &majors.join(",")]);
    }
    if !peer.auto_mtls {
        command.arg("--no-auto-mtls");
    }
    let output = command
        .arg("--")
        .args(peer.command(&fixtures()))
        .stdin(Stdio::null())
        .output()?;
    report(&output.stdout).ok_or_else(|| {
        format!(
            "no report came of {}: {}\n{}",
            peer.name,
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
