//! What stays behind: nothing after five hundred launches, no plugin after a
//! harness that was killed, and no directory of a dead one.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use host::{Launch, Limits, Plugin, Session, Start};
use std::ffi::OsString;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");
/// Launches in a row.
const LAUNCHES: usize = 500;
/// Launches after which everything that is allocated once is allocated.
const WARM: usize = 50;
/// What 450 launches may add, in KiB: less than 10 KiB a launch, so that an
/// output or a transcript that stays shows.
const GROWTH_KIB: u64 = 4 << 10;
/// Harnesses that are killed.
const KILLED: u64 = 50;
/// Decides when they are killed.
const SEED: u64 = 20_261_126;

/// Files that a harness is removing when it is killed.
const LITTER: usize = 3000;
/// Tries until one removal was cut short.
const TRIES: usize = 10;
/// A run of one check.
const ONE_CHECK: [&str; 6] = [
    "test",
    "--exact",
    "LIFE-002",
    "--",
    BINARY,
    "reference-plugin",
];

/// The tests count what this process has, so they take turns.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn five_hundred_launches_leave_nothing() {
    let _alone = alone();
    let plugin = Arc::new(Plugin::new(BINARY, [OsString::from("reference-plugin")]));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut warm = (0, 0);
    for number in 0..LAUNCHES {
        // Every end there is: the ladder, the end without it, a lost session,
        // and one that was started and never spoken to.
        runtime.block_on(async {
            let start = Start::new(&plugin, &Launch::default(), &Limits::default())
                .await
                .unwrap()
                .unwrap();
            if number % 4 == 3 {
                start.finish().await;
                return;
            }
            let session: Session = start.connect().await.unwrap();
            match number % 4 {
                0 => drop(session.stop().await),
                1 => drop(session.finish().await),
                _ => drop(session),
            }
        });
        if number + 1 == WARM {
            warm = (descriptors(), resident_kib());
        }
    }
    drop(runtime);
    assert!(children().is_empty(), "children are left: {:?}", children());
    assert!(
        descriptors() <= warm.0,
        "{} descriptors, then {}",
        warm.0,
        descriptors()
    );
    let grown = resident_kib().saturating_sub(warm.1);
    assert!(
        grown < GROWTH_KIB,
        "memory grew by {grown} KiB in {} launches",
        LAUNCHES - WARM
    );
    let own = host::private_dir::PrivateDir::new().unwrap();
    let root = own.path().parent().unwrap();
    let entries = std::fs::read_dir(root).unwrap().count();
    assert_eq!(
        entries, 2,
        "the root holds its lock and the newest directory alone"
    );
}

#[test]
fn a_killed_harness_takes_its_plugins_along_and_is_swept() {
    let _alone = alone();
    let mut random = SEED;
    let mut roots = Vec::new();
    for round in 0..KILLED {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let mut harness = Command::new(BINARY)
            .args([
                "test",
                "--no-solo-rerun",
                "LIFE-006",
                "HSK",
                "--",
                BINARY,
                "reference-plugin",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(random % 400));
        let own = root_of(harness.id());
        let ended = harness.try_wait().unwrap().is_some();
        harness.kill().unwrap();
        harness.wait().unwrap();
        roots.extend(own);
        let deadline = Instant::now() + Duration::from_secs(20);
        while let Some(survivor) = roots.iter().find_map(|root| living_below(root)) {
            assert!(
                Instant::now() < deadline,
                "round {round} (ended before: {ended}): process {survivor} outlived its harness"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    assert!(
        roots.len() > 10,
        "most harnesses were killed at work: {}",
        roots.len()
    );

    // The next start sweeps them, and leaves a living one's alone.
    let mut living = Command::new(BINARY)
        .args(["test", "LIFE-002", "--", "/bin/sleep", "60"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let kept = until_found(|| root_of(living.id()));
    start_again();
    let there = kept.exists();
    living.kill().unwrap();
    living.wait().unwrap();
    assert!(there, "the root of a living harness stays");
    for root in roots {
        assert!(!root.exists(), "{} of a dead harness stays", root.display());
    }
}

#[test]
fn a_harness_that_is_killed_while_it_cleans_up_is_swept() {
    let _alone = alone();
    let home = tempfile::tempdir().unwrap();
    // A plugin that waits until there is much to remove.
    let (plugin, go) = (home.path().join("plugin"), home.path().join("go"));
    let wait = format!("while [ ! -e {} ]; do sleep 0.05; done", go.display());
    let script = format!("#!/bin/sh\n{wait}\nexec {BINARY} reference-plugin\n");
    std::fs::write(&plugin, script).unwrap();
    std::fs::set_permissions(&plugin, PermissionsExt::from_mode(0o755)).unwrap();
    let cut_short = (0..TRIES).any(|_| {
        let _ = std::fs::remove_file(&go);
        let mut harness = Command::new(BINARY)
            .args(["test", "--exact", "LIFE-002", "--"])
            .arg(&plugin)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let root = until_found(|| root_of(harness.id()));
        for number in 0..LITTER {
            std::fs::write(root.join(number.to_string()), b"").unwrap();
        }
        std::fs::write(&go, b"").unwrap();
        let left = || std::fs::read_dir(&root).map_or(0, Iterator::count);
        until_found(|| (left() < LITTER / 2).then_some(()));
        harness.kill().unwrap();
        harness.wait().unwrap();
        let cut_short = root.exists();
        start_again();
        assert!(!root.exists(), "{} stays: {}", root.display(), left());
        cut_short
    });
    assert!(cut_short, "no removal was cut short");
}

/// What `look` finds within a minute.
fn until_found<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it never came");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Runs a harness from start to end.
fn start_again() {
    let ended = Command::new(BINARY)
        .args(ONE_CHECK)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(ended.status.code(), Some(0));
}

/// The private root of a harness: the one whose lock file it has open for
/// writing. Those of others it opens for reading, to see whether they live.
fn root_of(pid: u32) -> Option<PathBuf> {
    let descriptors = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?;
    descriptors.flatten().find_map(|descriptor| {
        let target = std::fs::read_link(descriptor.path()).ok()?;
        let access = descriptor.path().symlink_metadata().ok()?.mode();
        let is_root = access & 0o200 != 0 && target.starts_with("/tmp") && target.ends_with("lock");
        is_root.then(|| target.parent().map(Path::to_path_buf))?
    })
}

/// A live process whose TMPDIR lies below this root.
fn living_below(root: &Path) -> Option<i32> {
    let mark = format!("TMPDIR={}/", root.display());
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .find_map(|entry| {
            let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
            let environ = std::fs::read(entry.path().join("environ")).ok()?;
            environ
                .split(|&byte| byte == 0)
                .any(|variable| variable.starts_with(mark.as_bytes()))
                .then_some(pid)
        })
}

/// Children of this process, dead ones too.
fn children() -> Vec<String> {
    let own = std::process::id().to_string();
    std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let (_, rest) = stat.rsplit_once(')')?;
            (rest.split_whitespace().nth(1)? == own).then_some(stat)
        })
        .collect()
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
