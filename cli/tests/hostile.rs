//! Plugins that turn against their host: each is judged in the end, by name,
//! in time, within bounds, and nothing of it is left.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use plugin::Mode;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");
/// Modes judged side by side; they mostly wait.
const SIDE_BY_SIDE: usize = 6;
/// Every limit of the harness is so much shorter.
const SCALE: &str = "0.2";
/// Longest time one mode may take. The longest waits of the suite are 20 s of
/// its own; the rest is for a machine that has other things to do.
const BUDGET: Duration = Duration::from_mins(6);
/// Most memory the harness may ever have used, in KiB.
const MEMORY_KIB: u64 = 64 << 10;
/// What children of hostile modes sleep, as it stands in their arguments.
const SURVIVOR: &str = "61.5";

/// One judged mode.
struct Outcome {
    mode: &'static Mode,
    code: Option<i32>,
    text: Vec<u8>,
    peak_kib: u64,
    took: Duration,
}

#[test]
fn every_hostile_plugin_is_judged_and_leaves_nothing() {
    let before = roots();
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                while let Some(mode) = plugin::modes().get(next.fetch_add(1, Ordering::Relaxed)) {
                    let outcome = judge(mode);
                    outcomes.lock().unwrap().push(outcome);
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().unwrap();
    assert_eq!(outcomes.len(), plugin::modes().len());
    let mut wrong: Vec<String> = outcomes.iter().flat_map(complaints).collect();
    if running(SURVIVOR) {
        wrong.push("a process of a hostile plugin lives on".to_owned());
    }
    let left: Vec<PathBuf> = roots()
        .into_iter()
        .filter(|root| !before.contains(root) && is_abandoned(root))
        .collect();
    if !left.is_empty() {
        wrong.push(format!("directories are left: {left:?}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn complaints(outcome: &Outcome) -> Vec<String> {
    let text = String::from_utf8_lossy(&outcome.text);
    let mut wrong = Vec::new();
    if !matches!(outcome.code, Some(1 | 3)) {
        wrong.push(format!("ended in {:?}", outcome.code));
    }
    for (id, words) in outcome.mode.ends_in {
        let fails = text
            .split(&"─".repeat(79))
            .any(|block| block.trim_start().starts_with(id) && block.contains(words));
        let is_unknown = text.lines().any(|line| {
            line.trim_start().starts_with("UNKNOWN") && line.contains(id) && line.contains(words)
        });
        if !fails && !is_unknown {
            wrong.push(format!("{id} does not tell of {words:?}"));
        }
    }
    if text.contains("panicked") || text.contains("harness fault") {
        wrong.push("the harness was at fault".to_owned());
    }
    if outcome
        .text
        .iter()
        .any(|&byte| byte < 0x20 && byte != b'\n' || byte == 0x7f)
        || text
            .chars()
            .any(|character| ('\u{80}'..'\u{a0}').contains(&character))
    {
        wrong.push("control characters came through".to_owned());
    }
    if text.lines().any(is_command) {
        wrong.push("a command of a CI system came through".to_owned());
    }
    if outcome.peak_kib > MEMORY_KIB {
        wrong.push(format!("the harness took {} KiB", outcome.peak_kib));
    }
    if outcome.took > BUDGET {
        wrong.push(format!("it took {:?}", outcome.took));
    }
    wrong
        .iter()
        .map(|what| format!("{}: {what}\n{text}", outcome.mode.name))
        .collect()
}

/// Whether a CI system would act on this line: at its start, blanks aside, or
/// anywhere for the older kinds.
fn is_command(line: &str) -> bool {
    line.trim_start().starts_with("::")
        || ["##[", "##vso[", "##teamcity["]
            .iter()
            .any(|command| line.contains(command))
}

fn judge(mode: &'static Mode) -> Outcome {
    let mut command = Command::new(BINARY);
    command.args([
        "test",
        "--strict",
        "--no-solo-rerun",
        "--timeout-scale",
        SCALE,
    ]);
    command.args(["--", BINARY, "reference-plugin", "--hostile", mode.name]);
    let victim = Victim::of(mode);
    if let Some(victim) = &victim {
        command.args(["--victim", &victim.address]);
    }
    let began = Instant::now();
    let mut child = command
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let readers = [
        reader(child.stdout.take().unwrap()),
        reader(child.stderr.take().unwrap()),
    ];
    let mut peak_kib = 0;
    let code = loop {
        peak_kib = peak_kib.max(peak(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if began.elapsed() > BUDGET {
            child.kill().unwrap();
            child.wait().unwrap();
            break None;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let text = readers
        .into_iter()
        .flat_map(|reader| reader.join().unwrap())
        .collect();
    let took = began.elapsed();
    if let Some(mut victim) = victim {
        assert!(
            victim.child.try_wait().unwrap().is_none(),
            "{}: somebody else was stopped",
            mode.name
        );
    }
    Outcome {
        mode,
        code,
        text,
        peak_kib,
        took,
    }
}

fn reader(mut pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// Most memory a process has had resident so far, in KiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// A plugin that nobody has to do with, and where it listens.
struct Victim {
    child: Child,
    address: String,
    _dir: tempfile::TempDir,
}

impl Victim {
    /// For the modes that announce what belongs to somebody else.
    fn of(mode: &Mode) -> Option<Self> {
        let extra: &[&str] = match mode.name {
            "announces_other_socket" | "links_to_other_socket" => &[],
            "announces_other_port" => &["--defect", "picks_any_port"],
            _ => return None,
        };
        let dir = tempfile::tempdir().unwrap();
        let mut child = Command::new(BINARY)
            .arg("reference-plugin")
            .args(extra)
            .env_clear()
            .env(proto::cookie::KEY, proto::cookie::VALUE)
            .env("TMPDIR", dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = Vec::new();
        let mut stdout = child.stdout.take().unwrap();
        let mut byte = [0];
        while stdout.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        let line = String::from_utf8(line).unwrap();
        let address = line.split('|').nth(3).unwrap().to_owned();
        Some(Victim {
            child,
            address,
            _dir: dir,
        })
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Private roots of harnesses that live or lived.
fn roots() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("/tmp").unwrap().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("ap~"))
        })
        .collect()
}

/// Whether nobody holds the lock of a root: other tests have harnesses too.
fn is_abandoned(root: &Path) -> bool {
    match std::fs::File::open(root.join("lock")) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(_) => false,
    }
}

/// Whether a process with this argument lives.
fn running(argument: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| {
            line.split(|&byte| byte == 0)
                .any(|word| word == argument.as_bytes())
        })
    })
}

/// Judges a shell script that ends in the reference plugin; its root
/// directory is `$r`. Exit code, everything said, and the root.
fn judge_script(body: &str) -> (Option<i32>, String, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let plugin = dir.path().join("plugin");
    let noted = dir.path().join("noted");
    let script = format!(
        "#!/bin/sh\nr=$(dirname \"$(dirname \"$TMPDIR\")\")\necho \"$r\" > {}\n\
         case $r in /tmp/ap~??????) {body} ;; esac\nexec {BINARY} reference-plugin\n",
        noted.display()
    );
    std::fs::write(&plugin, script).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&plugin, mode).unwrap();
    let output = Command::new(BINARY)
        .args(["test", "--no-solo-rerun", "--jobs", "1", "HSK-01", "--"])
        .arg(&plugin)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let root = std::fs::read_to_string(&noted).unwrap();
    (output.status.code(), text, PathBuf::from(root.trim()))
}

#[test]
fn who_removes_the_harness_s_directory_harms_itself_alone() {
    let (code, text, root) = judge_script("rm -rf \"$r\"");
    assert_eq!(code, Some(1), "{text}");
    assert!(!text.contains("infrastructure"), "{text}");
    assert!(!root.exists(), "{} is left", root.display());
}

#[test]
fn who_occupies_the_harness_s_directory_is_told() {
    let (code, text, root) = judge_script("rm -rf \"$r\"; ln -s /nowhere \"$r\"");
    assert!(matches!(code, Some(1 | 3)), "{text}");
    let words = "the harness's private directory was removed or occupied while the plugin ran: \
                 failed to make ";
    assert!(
        text.contains(&format!("{words}{}", root.display())),
        "{text}"
    );
    assert!(!root.is_symlink(), "{} is left", root.display());
}

#[test]
fn no_plugin_foresees_where_the_next_one_runs() {
    let ahead = "for i in $(seq 0 99); do ln -s /nowhere \"$r/$i\"; done";
    let (code, text, _) = judge_script(ahead);
    assert_eq!(code, Some(0), "{text}");
}
