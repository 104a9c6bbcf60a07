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
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Tries to be fast enough, since others may use the machine.
const TRIES: usize = 3;

/// Trials share the machine, but for one that measures.
static MACHINE: RwLock<()> = RwLock::new(());

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let rounds = std::env::var("STABILITY_ROUNDS").ok();
    let trials = match rounds.as_deref().map(str::parse) {
        None => expectations(),
        Some(Ok(rounds)) => {
            // The load is everybody's: side by side they would judge it.
            arguments.test_threads = Some(1);
            repetitions(rounds)
        }
        Some(Err(_)) => vec![Trial::test("stability", || {
            Err("STABILITY_ROUNDS is a number".into())
        })],
    };
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn expectations() -> Vec<Trial> {
    let judged = peers::peers().into_iter().map(|peer| {
        with_built(peer.name.clone(), peer, |peer| {
            let _shared = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
            judged_as_expected(&peer)
        })
    });
    let timed = peers::peers().into_iter().filter_map(|peer| {
        let limit = Duration::from_secs(peer.seconds?);
        let name = format!("{}_in_time", peer.name);
        Some(with_built(name, peer, move |peer| {
            let _alone = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
            judged_in_time(&peer, limit)
        }))
    });
    judged.chain(timed).collect()
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
    let mut took = Vec::with_capacity(TRIES);
    for _ in 0..TRIES {
        let start = Instant::now();
        run::judge(peer, &fixtures())?;
        took.push(start.elapsed());
        if took.last() <= Some(&limit) {
            return Ok(());
        }
    }
    Err(format!("a run may take {limit:?} and took {took:.1?}").into())
}
