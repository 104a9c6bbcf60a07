//! The reference plugin with one planted defect, under both hosts.

use host::{Launch, Limits, Mode, Plugin, Start};
use libtest_mimic::Failed;
use plugin::{Defect, Plant};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");
/// How long either host waits for the line.
const START: Duration = Duration::from_secs(5);
/// Longest life of the Go host after its last word: its stop has no limit of
/// its own.
const STOP: Duration = Duration::from_secs(5);

/// Defects over which the two hosts part, and why that is right.
const APART: &[(&str, Mode, &str)] = &[
    (
        "announces_unoffered_version",
        Mode::Plain,
        "ours goes on, so that one breach is told and not all of them blocked",
    ),
    ("announces_unoffered_version", Mode::AutoMtls, "the same"),
    (
        "selects_no_alpn",
        Mode::AutoMtls,
        "ours goes on without ALPN, as hosts on an older grpc-go do",
    ),
    (
        "needs_home",
        Mode::Plain,
        "go-plugin's host hands on its whole environment, ours nothing",
    ),
    ("needs_home", Mode::AutoMtls, "the same"),
    (
        "insists_on_authority",
        Mode::Plain,
        "go-plugin's host calls the authority `unused`, ours localhost",
    ),
    (
        "logs_numeric_message",
        Mode::Plain,
        "the Go host crashes on the log line, ours reads it",
    ),
    ("logs_numeric_message", Mode::AutoMtls, "the same"),
];

/// Times a race is run before its end counts: the Go host may meet a listener
/// that comes late.
const TRIES: usize = 3;

/// Two sentences for one thing, a plugin that ended before its line: the
/// library takes the one whose goroutine comes first.
const ENDED: [&str; 2] = [
    "Failed to read any lines from plugin's stdout",
    "plugin exited before we could connect",
];

/// What the Go host made of a plugin.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    /// It got a health answer.
    Healthy,
    /// It refused, or crashed, with these words.
    Refused(String),
}

/// Both hosts see the same, and the Go host says what the defect declares.
pub(crate) fn agrees(go: &Path, defect: Option<&Defect>) -> Result<(), Failed> {
    let mut complaints = Vec::new();
    for _ in 0..TRIES {
        complaints = compared(go, defect)?;
        if complaints.is_empty() {
            return Ok(());
        }
    }
    Err(complaints.join("\n").into())
}

fn compared(go: &Path, defect: Option<&Defect>) -> Result<Vec<String>, Failed> {
    let dir = tempfile::tempdir()?;
    let (file, arguments) = planted(defect, dir.path())?;
    let mut complaints = Vec::new();
    let mut refusals = Vec::new();
    for mode in [Mode::Plain, Mode::AutoMtls] {
        let word = go_host(go, mode, &file, &arguments)?;
        let ours = our_host(mode, &file, &arguments)?;
        let apart = defect.is_some_and(|defect| {
            APART
                .iter()
                .any(|(name, at, _)| *name == defect.name && *at == mode)
        });
        if (ours.is_none() == (word == Word::Healthy)) == apart {
            let ours = ours.as_deref().unwrap_or("it got a health answer");
            complaints.push(format!("{mode}: the Go host: {word:?}\n  ours: {ours}"));
        }
        if let Word::Refused(text) = word {
            refusals.push(text);
        }
    }
    let Some(defect) = defect else {
        complaints.extend(refusals);
        return Ok(complaints);
    };
    // A fault of chance shows in some starts only.
    if defect.by_chance {
        return Ok(Vec::new());
    }
    let declared = defect.go_host;
    let says = |text: &String, part: &str| {
        text.contains(part)
            || (ENDED.contains(&part) && ENDED.iter().any(|other| text.contains(other)))
    };
    let holds = match declared {
        None => refusals.is_empty(),
        Some(part) => !refusals.is_empty() && refusals.iter().all(|text| says(text, part)),
    };
    if !holds {
        let write = refusals.first().map(|text| telling_part(text));
        complaints.push(format!(
            "go_host is {declared:?} in the file of {}; the Go host says {refusals:#?}\n  write: go_host: {write:?},",
            defect.name
        ));
    }
    Ok(complaints)
}

/// What of a refusal is the same in every run: its first words up to a number,
/// a path or a quotation.
fn telling_part(text: &str) -> &str {
    let end = text
        .char_indices()
        .skip(12)
        .find(|&(_, character)| character.is_ascii_digit() || "/\"\n[".contains(character))
        .map_or(text.len(), |(at, _)| at);
    text[..end].trim_end()
}

fn planted(defect: Option<&Defect>, dir: &Path) -> std::io::Result<(PathBuf, Vec<OsString>)> {
    let binary = PathBuf::from(BINARY);
    let mut arguments = vec![OsString::from("reference-plugin")];
    let file = match defect.map(|defect| (defect.name, defect.plant)) {
        None => binary,
        Some((name, Plant::Behavior(_))) => {
            arguments.extend(["--defect".into(), name.into()]);
            binary
        }
        Some((_, Plant::File(plant))) => plant(&binary, dir)?,
    };
    Ok((file, arguments))
}

/// Why our host got no health answer; none where it got one.
fn our_host(mode: Mode, file: &Path, arguments: &[OsString]) -> Result<Option<String>, Failed> {
    let launch = match mode {
        Mode::Plain => Launch::default(),
        Mode::AutoMtls => Launch::auto_mtls(),
    };
    let limits = Limits {
        start: START,
        ..Limits::default()
    };
    let plugin = Arc::new(Plugin::new(file, arguments.iter().cloned()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let start = match Start::new(&plugin, &launch, &limits).await? {
            Ok(start) => start,
            Err(record) => return Ok(Some(format!("{:?}", record.arrival))),
        };
        Ok(match start.connect().await {
            Ok(session) => {
                let health = session.facts().first_health.clone();
                session.finish().await;
                match health {
                    Some(Ok(_)) => None,
                    other => Some(format!("{other:?}")),
                }
            }
            Err(mut start) => {
                let record = start.record().clone();
                start.finish().await;
                Some(format!("{:?} {:?}", record.refused, record.channel))
            }
        })
    })
}

fn go_host(go: &Path, mode: Mode, file: &Path, arguments: &[OsString]) -> Result<Word, Failed> {
    let dir = tempfile::tempdir()?;
    let temp = dir.path().join("t");
    std::fs::create_dir(&temp)?;
    let (out, err) = (dir.path().join("out"), dir.path().join("err"));
    let mut child = Command::new(go)
        .arg(format!("-auto-mtls={}", mode == Mode::AutoMtls))
        .arg(format!("-start-timeout={}s", START.as_secs()))
        .arg("--")
        .arg(file)
        .args(arguments)
        // Marks what it starts, like the private directory of a launch.
        .env("TMPDIR", &temp)
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        .process_group(0)
        .spawn()?;
    let began = Instant::now();
    let mut spoke = None;
    let word = loop {
        // Our host, at work in this process as well, may have reaped it.
        let ended = child.try_wait().map_or(true, |status| status.is_some());
        let word = heard(&std::fs::read_to_string(&out)?);
        if word.is_some() {
            spoke.get_or_insert_with(Instant::now);
        }
        let stuck =
            spoke.is_some_and(|at: Instant| at.elapsed() > STOP) || began.elapsed() > START * 3;
        if ended || stuck {
            break word;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let _ = child.kill();
    let _ = child.wait();
    // The Go host kills one process and not what that started.
    for member in host::tree::members(&temp) {
        if let Some(pid) = Pid::from_raw(member.pid) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
    let said = String::from_utf8_lossy(&std::fs::read(&err)?).into_owned();
    let crash = said.lines().find(|line| line.starts_with("panic: "));
    match (word, crash) {
        (_, Some(crash)) => Ok(Word::Refused(crash.to_owned())),
        (Some(word), None) => Ok(word),
        (None, None) => Err(format!("the Go host told nothing:\n{said}").into()),
    }
}

/// The outcome, once the Go host has told it.
fn heard(out: &str) -> Option<Word> {
    out.lines().find_map(|line| {
        let step: serde_json::Value = serde_json::from_str(line).ok()?;
        match step["error"].as_str() {
            Some(error) => Some(Word::Refused(error.to_owned())),
            None => (step["step"] == "healthy").then_some(Word::Healthy),
        }
    })
}
