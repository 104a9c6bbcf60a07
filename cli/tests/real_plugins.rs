//! Plugins on other makers' libraries, judged by every requirement: exactly
//! what their files expect fails, in the time they give.
//!
//! `UPDATE_EXPECTED=1` writes into each file what the run saw, with an empty
//! reason for what is new; the test fails until somebody has written them.
//!
//! `STABILITY_ROUNDS=20` judges instead each of them, and the reference plugin,
//! that many times, half of them on a busy machine, and asks for equal
//! verdicts. It takes hours; a name as filter takes one plugin alone, in ten to
//! twenty minutes.

mod real_plugins {
    pub(crate) mod run;
    pub(crate) mod stability;
}

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use peers::{NotBuilt, Peer};
use real_plugins::{run, stability};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Tries to be fast enough, since others may use the machine.
const TRIES: usize = 3;

fn main() -> ExitCode {
    let side_by_side = Arguments::from_args();
    // Load is everybody's: beside others they would judge that.
    let one_by_one = Arguments {
        test_threads: Some(1),
        ..side_by_side.clone()
    };
    match std::env::var("STABILITY_ROUNDS").map(|rounds| rounds.parse()) {
        Err(_) => {
            let judged = libtest_mimic::run(&side_by_side, expectations());
            let timed = libtest_mimic::run(&one_by_one, durations());
            let worse = if judged.has_failed() { judged } else { timed };
            worse.exit_code()
        }
        Ok(Ok(rounds)) => libtest_mimic::run(&one_by_one, repetitions(rounds)).exit_code(),
        Ok(Err(_)) => {
            let _ = writeln!(std::io::stderr(), "STABILITY_ROUNDS is a number");
            ExitCode::FAILURE
        }
    }
}

fn expectations() -> Vec<Trial> {
    let peers = peers::peers().into_iter();
    let trial = |peer: Peer| with_built(peer.name.clone(), peer, |peer| judged_as_expected(&peer));
    peers.map(trial).collect()
}

fn durations() -> Vec<Trial> {
    let peers = peers::peers().into_iter();
    let trial = |peer: Peer| {
        let limit = Duration::from_secs(peer.seconds?);
        let name = format!("{}_in_time", peer.name);
        Some(with_built(name, peer, move |peer| {
            judged_in_time(&peer, limit)
        }))
    };
    peers.filter_map(trial).collect()
}

fn repetitions(rounds: usize) -> Vec<Trial> {
    let reference = Trial::test("stable_reference", move || {
        stability::agree(rounds, run::judge_reference)
    });
    let peers = peers::peers().into_iter().map(|peer| {
        with_built(format!("stable_{}", peer.name), peer, move |peer| {
            stability::agree(rounds, || run::judge(&peer, &fixtures()))
        })
    });
    std::iter::once(reference).chain(peers).collect()
}

/// Where the peers are built.
fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../fixtures")
}

/// A trial that needs a peer, and builds it unless it is built.
fn with_built(
    name: String,
    peer: Peer,
    judge: impl FnOnce(Peer) -> Result<(), Failed> + Send + 'static,
) -> Trial {
    Trial::ignorable_test(name, move || match peer.build(&fixtures()) {
        Ok(()) => judge(peer).map(|()| Completion::Completed),
        Err(NotBuilt::Missing(what)) if std::env::var_os("REQUIRE_TOOLCHAINS").is_none() => {
            Ok(Completion::ignored_with(what))
        }
        Err(NotBuilt::Missing(what) | NotBuilt::Failed(what)) => Err(what.into()),
    })
}

fn judged_as_expected(peer: &Peer) -> Result<(), Failed> {
    let mut report = run::judge(peer, &fixtures())?;
    let mut departures = peer.departures(&report);
    if !departures.is_empty() {
        // Trials run side by side; what the machine did is not seen twice. It
        // is told all the same, so that nobody takes it for a quiet pass.
        let first = departures.join("; ");
        let _ = writeln!(std::io::stderr(), "{}: first try: {first}", peer.name);
        report = run::judge(peer, &fixtures())?;
        departures = peer.departures(&report);
    }
    if departures.is_empty() {
        return Ok(());
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

fn judged_in_time(peer: &Peer, limit: Duration) -> Result<(), Failed> {
    let mut tries = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        let start = Instant::now();
        let report = run::judge(peer, &fixtures())?;
        let took = start.elapsed();
        let departures = peer.departures(&report);
        if took <= limit && departures.is_empty() {
            return Ok(());
        }
        tries.push(format!("{took:.1?} {}", departures.join("; ")));
    }
    let tries = tries.join("\n  ");
    Err(format!("a run may take {limit:?} and took\n  {tries}").into())
}
