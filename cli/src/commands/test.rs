//! `test`: launch a plugin, judge it, report.

use super::{say, talk, usage};
use crate::args::{Format, Test};
use crate::subject;
use host::Limits;
use report::Style;
use runner::{Check, Event, Selection};
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use terms::{Exit, Reach, Report, Subject};

pub(super) fn run(test: &Test) -> Exit {
    if test.exact && test.filters.is_empty() {
        return usage(
            "--exact needs the ids it is about",
            "aperio-plugin test --exact HSK-010",
        );
    }
    let all = contract::checks();
    let selected = select(test, &all);
    if selected.is_empty() {
        talk("error: no requirement matches\nhint: aperio-plugin test --list shows them all");
        return Exit::NothingSelected;
    }
    if test.list {
        return list(&selected);
    }
    let plugin = match subject::plugin(test) {
        Ok(plugin) => plugin,
        Err(misnamed) => return usage(&misnamed.what, misnamed.hint),
    };
    if is_reference(test) {
        talk(
            "no plugin is named: judging the embedded reference plugin (aperio-plugin test -- COMMAND…)",
        );
    }
    let report = judge(test, plugin, &all, &selected);
    let style = Style {
        color: true,
        terse: test.quiet || test.format == Format::Terse,
    };
    let rendered = match test.format {
        Format::Json => report::json(&report),
        Format::Pretty | Format::Terse => report::pretty(&report, &contract::catalog(), style),
    };
    match say(&rendered) {
        Exit::Conforms => exit_of(report.exit),
        interrupted => interrupted,
    }
}

/// Whether no plugin of the user's is named.
fn is_reference(test: &Test) -> bool {
    test.command.is_empty() && test.reattach.is_none()
}

fn exit_of(code: u8) -> Exit {
    [
        Exit::Breach,
        Exit::CouldNotJudge,
        Exit::NothingSelected,
        Exit::Interrupted,
    ]
    .into_iter()
    .find(|exit| exit.code() == code)
    .unwrap_or(Exit::Conforms)
}

fn select(test: &Test, all: &[&'static Check]) -> Vec<&'static Check> {
    let holds = |check: &Check, text: &str| {
        let requirement = &check.requirement;
        requirement.id.contains(&text.to_ascii_uppercase()) || requirement.title().contains(text)
    };
    all.iter()
        .filter(|check| {
            let wanted = if test.exact {
                test.filters
                    .iter()
                    .any(|id| id.eq_ignore_ascii_case(check.requirement.id))
            } else {
                test.filters.is_empty() || test.filters.iter().any(|text| holds(check, text))
            };
            wanted && !test.skip.iter().any(|text| holds(check, text))
        })
        .copied()
        .collect()
}

fn list(selected: &[&'static Check]) -> Exit {
    let mut lines: Vec<String> = selected
        .iter()
        .map(|check| {
            let requirement = &check.requirement;
            format!(
                "{} {:<6} {}\n",
                requirement.id,
                requirement.level,
                requirement.title()
            )
        })
        .collect();
    lines.sort();
    say(&lines.concat())
}

fn judge(
    test: &Test,
    plugin: host::Plugin,
    all: &[&'static Check],
    selected: &[&'static Check],
) -> Report {
    let interrupted = Arc::new(AtomicBool::new(false));
    watch_interrupt(&interrupted);
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let selection = Selection {
        plugin: Arc::new(plugin),
        limits: Limits::default().scaled(test.timeout_scale),
        jobs: test.jobs.map_or(cpus.min(4), usize::from),
        solo_rerun: !test.no_solo_rerun,
        interrupted: Arc::clone(&interrupted),
    };
    let started = humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string();
    let began = Instant::now();
    let (events, progress) = std::sync::mpsc::channel();
    let total = selected.len();
    let shown = std::thread::spawn(move || show_progress(&progress, total));
    let mut results = runner::run(all, selected, &contract::ROOTS, &selection, &events);
    drop(events);
    let _ = shown.join();
    let plugin = &selection.plugin;
    let command: Vec<String> = test
        .command
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    for judged in &mut results {
        if judged.verdict.is_fail() {
            judged.reproduce = Some(reproduce(test, &judged.id, &command));
        }
    }
    let reference = is_reference(test);
    // What was never launched was never judged in full.
    let filtered = !test.filters.is_empty() || !test.skip.is_empty() || test.reattach.is_some();
    let cut = interrupted.load(Ordering::Relaxed);
    let (conclusion, exit) = runner::conclude(
        &results,
        runner::Circumstances {
            strict: test.strict,
            filtered,
            interrupted: cut,
            reference,
        },
    );
    let (major, minor) = proto::INTERFACE_VERSION;
    let aperio = plugin.is_aperio();
    Report {
        schema: 1,
        harness: env!("CARGO_PKG_VERSION").to_owned(),
        interface: aperio.then(|| format!("{major}.{minor}.0")),
        contract: if aperio { "aperio" } else { "go-plugin" }.to_owned(),
        effort: "quick".to_owned(),
        seed: 0,
        timeout_scale: test.timeout_scale.to_string(),
        strict: test.strict,
        subject: Subject {
            path: plugin.program.display().to_string(),
            sha256: subject::digest(&plugin.program),
            command,
            reference,
            ..Subject::default()
        },
        reach: Reach::Full,
        conclusion,
        exit: exit.code(),
        incomplete: cut,
        filtered,
        counts: runner::count(&results),
        results,
        started,
        took_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

/// The command that judges one requirement again, with every flag that bears
/// on it.
fn reproduce(test: &Test, id: &str, command: &[String]) -> String {
    let mut words = vec!["aperio-plugin test --exact".to_owned(), id.to_owned()];
    if let Some(contract) = test.contract {
        let name = match contract {
            crate::args::Contract::Aperio => "aperio",
            crate::args::Contract::GoPlugin => "go-plugin",
        };
        words.push(format!("--contract {name}"));
    }
    if let Some(cookie) = &test.cookie {
        words.push(format!("--cookie {}", quoted(cookie)));
    }
    if !test.app_protocols.is_empty() {
        let majors: Vec<String> = test.app_protocols.iter().map(u32::to_string).collect();
        words.push(format!("--app-protocols {}", majors.join(",")));
    }
    if test.no_auto_mtls {
        words.push("--no-auto-mtls".to_owned());
    }
    if (test.timeout_scale - 1.0).abs() > f64::EPSILON {
        words.push(format!("--timeout-scale {}", test.timeout_scale));
    }
    if let Some(json) = &test.reattach {
        words.push(format!("--reattach {}", quoted(json)));
    }
    if !command.is_empty() {
        words.push("--".to_owned());
        words.extend(command.iter().map(|word| quoted(word)));
    }
    words.join(" ")
}

/// A word as a POSIX shell reads it back.
fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./=:,+@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Ctrl-C ends the run: nothing new starts, what runs is stopped.
fn watch_interrupt(flag: &Arc<AtomicBool>) {
    let flag = Arc::clone(flag);
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let Ok(runtime) = runtime else { return };
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            flag.store(true, Ordering::Relaxed);
        }
    });
}

/// One line on stderr that follows the run, on a terminal alone.
fn show_progress(events: &std::sync::mpsc::Receiver<Event>, total: usize) {
    let live = std::io::stderr().is_terminal();
    let mut done = 0;
    for event in events {
        if let Event::Finished { .. } = event {
            done += 1;
        }
        if live {
            let (Event::Started { id } | Event::Finished { id }) = event;
            let _ = write!(std::io::stderr(), "\r\x1b[2K  {done}/{total} {id}");
        }
    }
    if live {
        let _ = write!(std::io::stderr(), "\r\x1b[2K");
    }
}
