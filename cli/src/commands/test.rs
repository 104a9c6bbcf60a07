//! `test`: launch a plugin, judge it, report.

use super::{say, talk, usage};
use crate::args::{Format, Outcome, ReportFormat, Test};
use crate::caret::did_you_mean;
use crate::filter::Filter;
use crate::interruption;
use crate::settings::{self, Settings};
use crate::stream::{self, Reproduce, Stream};
use crate::subject;
use crate::whole;
use clap::ArgMatches;
use report::Style;
use runner::{Cause, Check, Claims, Interrupt, Plan, Selection};
use std::cell::Cell;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use terms::{Exit, Report, Requirement, Subject};

pub(super) fn run(test: &Test, matches: &ArgMatches) -> Exit {
    if test.exact && test.filters.is_empty() {
        return usage(
            "--exact needs the ids it is about",
            "aperio-plugin test --exact HSK-010",
        );
    }
    let filter = match test.filter_expr.as_deref().map(Filter::parse).transpose() {
        Ok(filter) => filter,
        Err(mistake) => {
            let given = test.filter_expr.as_deref().unwrap_or_default();
            talk(&mistake.shown("--filter-expr", given));
            return Exit::Usage;
        }
    };
    let wanted = |requirement: &Requirement| {
        wanted(test, requirement)
            && filter
                .as_ref()
                .is_none_or(|filter| filter.selects(requirement))
    };
    let all = contract::checks();
    let selected: Vec<&'static Check> = all
        .iter()
        .filter(|check| wanted(&check.requirement))
        .copied()
        .collect();
    if test.list {
        return list(&selected, settings::format(test));
    }
    let settings = match Settings::resolve(test, matches) {
        Ok(settings) => settings,
        Err(refused) => {
            talk(&refused.text);
            return refused.exit;
        }
    };
    if test.show_config {
        return say(&settings.shown());
    }
    if selected.is_empty() {
        return nothing_selected(test);
    }
    if settings.is_reference() {
        talk(
            "no plugin is named: judging the embedded reference plugin (aperio-plugin test -- COMMAND…)",
        );
    }
    if test.no_capture {
        host::echo::set(|line| {
            let said = String::from_utf8_lossy(line);
            talk(&format!("  | {}", report::escape(said.trim_end())));
        });
    }
    Run {
        test,
        settings,
        all,
        began: Instant::now(),
        started: humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string(),
        // What was never launched was never judged in full.
        filtered: selected.len() < contract::checks().len() || test.reattach.is_some(),
    }
    .run(wanted)
}

fn nothing_selected(test: &Test) -> Exit {
    if test.no_tests == Outcome::Pass {
        return Exit::Conforms;
    }
    talk("error: no requirement matches");
    let ids: Vec<&str> = contract::catalog().iter().map(|one| one.id).collect();
    let near = test
        .filters
        .iter()
        .find_map(|word| did_you_mean(word, ids.iter().copied()));
    let hint = near.unwrap_or_else(|| "aperio-plugin test --list shows them all".to_owned());
    talk(&format!("hint: {hint}"));
    Exit::NothingSelected
}

fn wanted(test: &Test, requirement: &Requirement) -> bool {
    let holds = |text: &String| {
        requirement.id.contains(&text.to_ascii_uppercase())
            || requirement
                .title()
                .to_lowercase()
                .contains(&text.to_lowercase())
    };
    let named = |id: &String| id.eq_ignore_ascii_case(requirement.id);
    let wanted = match (test.exact, test.filters.is_empty()) {
        (true, _) => test.filters.iter().any(named),
        (false, true) => true,
        (false, false) => test.filters.iter().any(holds),
    };
    wanted && !test.skip.iter().any(holds)
}

/// The selection, without a launch; an empty one is an empty list.
fn list(selected: &[&'static Check], format: Format) -> Exit {
    let mut requirements: Vec<&Requirement> =
        selected.iter().map(|check| &check.requirement).collect();
    requirements.sort_by_key(|requirement| requirement.id);
    let mut text = String::new();
    for requirement in requirements {
        let _ = if format == Format::Json {
            write!(text, "{}", stream::listed_event(requirement))
        } else {
            let (id, level) = (requirement.id, requirement.level.to_string());
            writeln!(text, "{id:<8} {level:<6} {}", requirement.title())
        };
    }
    match (say(&text), text.is_empty()) {
        (Exit::Conforms, true) => Exit::NothingSelected,
        (exit, _) => exit,
    }
}

struct Run<'a> {
    test: &'a Test,
    settings: Settings,
    all: Vec<&'static Check>,
    began: Instant,
    started: String,
    filtered: bool,
}

impl Run<'_> {
    fn run(self, wanted: impl Fn(&Requirement) -> bool) -> Exit {
        let settings = &self.settings;
        let files = match Files::open(self.test) {
            Ok(files) => files,
            Err(exit) => return exit,
        };
        let interrupt = Interrupt::default();
        let ignored = interruption::watch(&interrupt);
        if let Some(limit) = settings.global {
            interruption::watch_time(&interrupt, limit);
        }
        let digest = self.digest();
        let plugin = Arc::new(settings.plugin.clone());
        let claims = runner::survey(&plugin, &settings.limits, &interrupt);
        let interface = self.interface(&claims);
        let plan = Plan::new(&self.all, &claims, interface, wanted);
        if self.test.plan {
            return print_plan(&plan, &claims, settings::format(self.test));
        }
        let head = self.head(&claims, interface, digest.clone());
        let format = settings::format(self.test);
        let mut stream = Stream {
            format,
            style: Style {
                color: true,
                terse: format == Format::Terse,
                verbose: self.test.verbose,
            },
            events: files.events,
            catalog: contract::catalog(),
            interrupt: interrupt.clone(),
            token: uuid::Uuid::new_v4().simple().to_string(),
            slow: settings.slow,
            began: self.began,
            ended: Cell::new(None),
            reproduce: reproduce(settings),
        };
        stream.start(&head, &plan, claims.trouble.as_deref());
        let selection = Selection {
            plugin,
            limits: settings.limits.clone(),
            jobs: settings.jobs,
            solo_rerun: settings.solo_rerun,
            strictness: settings.strictness,
            max_fail: settings.max_fail,
            interrupt: interrupt.clone(),
        };
        let planned = plan.selected();
        let (events, told) = std::sync::mpsc::channel();
        let total = planned.len();
        let (mut stream, mut results) = std::thread::scope(|scope| {
            let following = scope.spawn(move || {
                stream.follow(&told, total);
                stream
            });
            let results = runner::run(&self.all, &planned, &contract::ROOTS, &selection, &events);
            drop(events);
            (
                following.join().expect("following a run does not panic"),
                results,
            )
        });
        for judged in &mut results {
            if judged.verdict.is_fail() {
                judged.reproduce = Some((stream.reproduce)(&judged.witnesses()));
            }
        }
        results.extend(plan.inapplicable());
        results.sort_by(|one, other| one.id.cmp(&other.id));
        let cause = interrupt.cause();
        // Of a plugin that runs already it matters no more what its file is.
        let launched = settings.plugin.running.is_none();
        let changed = changed(digest.as_deref(), self.digest().as_deref()).filter(|_| launched);
        let (conclusion, exit) = runner::conclude(
            &results,
            runner::Circumstances {
                strictness: settings.strictness,
                filtered: self.filtered,
                interrupted: cause == Some(Cause::User),
                changed: changed.is_some(),
                reference: settings.is_reference(),
            },
        );
        let report = Report {
            conclusion,
            exit: exit.code(),
            incomplete: cause.is_some(),
            counts: runner::count(&results),
            notes: ignored.notes().chain(changed).collect(),
            results,
            took_ms: u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            ..head
        };
        stream.end(&report);
        let written = write_files(self.test, &report, format);
        if interrupt.cause() == Some(Cause::User) {
            return stream.ended.get().unwrap_or(Exit::Interrupted);
        }
        match exit {
            Exit::Conforms => written,
            Exit::NothingSelected if self.test.no_tests == Outcome::Pass => Exit::Conforms,
            exit => exit,
        }
    }

    /// The minor that is judged by: the user's, else the plugin's, at most the
    /// newest known.
    fn interface(&self, claims: &Claims) -> (u32, u32) {
        let (major, newest) = proto::INTERFACE_VERSION;
        let plugins = claims
            .described
            .as_ref()
            .and_then(|described| described.interface)
            .filter(|(named, minor)| *named == major && *minor < newest);
        self.settings
            .interface
            .or(plugins)
            .unwrap_or((major, newest))
    }

    /// The digest of the plugin's file as it is now.
    fn digest(&self) -> Option<String> {
        subject::digest(&self.settings.plugin.program)
    }

    /// The report before anything was judged; `digest` is that of the file
    /// before it was started.
    fn head(&self, claims: &Claims, (major, minor): (u32, u32), digest: Option<String>) -> Report {
        let settings = &self.settings;
        let plugin = &settings.plugin;
        let aperio = plugin.is_aperio();
        let described = claims.described.clone().unwrap_or_default();
        let named = |text: String| Some(text).filter(|text| !text.is_empty());
        Report {
            schema: 1,
            harness: env!("CARGO_PKG_VERSION").to_owned(),
            interface: aperio.then(|| format!("{major}.{minor}.0")),
            contract: if aperio { "aperio" } else { "go-plugin" }.to_owned(),
            effort: settings.effort.to_owned(),
            seed: settings.seed,
            timeout_scale: settings.scale.to_string(),
            strict: settings.strictness.should,
            subject: Subject {
                id: named(described.id),
                version: named(described.version),
                path: match &plugin.running {
                    // A process of another user or namespace hides its file.
                    Some(running) if plugin.program.as_os_str().is_empty() => {
                        running.address.clone()
                    }
                    _ => plugin.program.display().to_string(),
                },
                sha256: digest,
                kinds: described.kinds,
                capabilities: described.capabilities,
                command: settings.command.clone(),
                reference: settings.is_reference(),
            },
            conclusion: terms::Conclusion::CouldNotJudge,
            exit: Exit::CouldNotJudge.code(),
            incomplete: true,
            filtered: self.filtered,
            counts: terms::Counts::default(),
            notes: Vec::new(),
            results: Vec::new(),
            started: self.started.clone(),
            took_ms: 0,
        }
    }
}

/// What is to be said where the file at the end is not the one at the start.
fn changed(before: Option<&str>, after: Option<&str>) -> Option<String> {
    let told = |digest: Option<&str>| {
        digest.map_or_else(
            || "no file that can be read".to_owned(),
            |digest| format!("sha256 {digest}"),
        )
    };
    (before != after).then(|| {
        let (before, after) = (told(before), told(after));
        format!("the plugin's file changed while it was judged: before {before}, after {after}")
    })
}

fn print_plan(plan: &Plan, claims: &Claims, format: Format) -> Exit {
    if format == Format::Json {
        return say(&stream::plan_event(plan));
    }
    let mut text = format!("{}\n", stream::plan_line(plan));
    if let Some(why) = &claims.trouble {
        let _ = writeln!(
            text,
            "the plugin does not describe itself: {}",
            report::escape(why)
        );
    }
    for planned in &plan.planned {
        let requirement = &planned.check.requirement;
        let _ = writeln!(
            text,
            "  run   {:<8}  {} — {}",
            requirement.id,
            requirement.title(),
            planned.group
        );
    }
    for left in &plan.left_out {
        let requirement = left.requirement;
        let _ = writeln!(
            text,
            "  leave {:<8}  {} — {}",
            requirement.id,
            requirement.title(),
            report::escape(&left.why.to_string())
        );
    }
    match say(&text) {
        Exit::Conforms if plan.planned.is_empty() => Exit::NothingSelected,
        exit => exit,
    }
}

/// The command that judges requirements again, with every flag that bears
/// on it.
fn reproduce(settings: &Settings) -> Box<Reproduce> {
    let mut tail: Vec<String> = settings.bearing.clone();
    let from_file = tail.iter().any(|word| word.starts_with("--config "));
    if !settings.command.is_empty() && !from_file {
        tail.push("--".to_owned());
        tail.extend(settings.command.iter().map(|word| subject::quoted(word)));
    }
    let tail = tail.join(" ");
    Box::new(move |ids| {
        format!("aperio-plugin test --exact {} {tail}", ids.join(" "))
            .trim_end()
            .to_owned()
    })
}

/// Files that are opened before anything is launched, so that a mistake in
/// their names costs no run.
struct Files {
    events: Vec<File>,
}

impl Files {
    fn open(test: &Test) -> Result<Self, Exit> {
        let mut events = Vec::new();
        for (at, (format, path)) in test.report.iter().enumerate() {
            if test.report[..at].iter().any(|(_, other)| other == path) {
                return Err(usage(
                    &format!("two reports go to {}", path.display()),
                    "name a file for each of them",
                ));
            }
            let file = File::create(path).map_err(|error| {
                usage(
                    &format!("failed to write {}: {error}", path.display()),
                    "name a file in a directory that exists",
                )
            })?;
            if *format == ReportFormat::Ndjson {
                events.push(file);
            }
        }
        Ok(Files { events })
    }
}

/// Writes what a file was asked for, and the step summary of a workflow.
fn write_files(test: &Test, report: &Report, format: Format) -> Exit {
    let catalog = contract::catalog();
    let mut exit = Exit::Conforms;
    for (format, path) in &test.report {
        let rendered = match format {
            ReportFormat::Json => report::json(report),
            ReportFormat::Md => report::summary(report, &catalog),
            ReportFormat::Ndjson => continue,
        };
        if let Err(error) = whole::write(path, rendered.as_bytes()) {
            talk(&format!(
                "error: failed to write {}: {error}",
                path.display()
            ));
            exit = Exit::CouldNotJudge;
        }
    }
    if format == Format::Github
        && let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY")
        && let Err(error) = append(Path::new(&path), &report::summary(report, &catalog))
    {
        talk(&format!("error: failed to write the step summary: {error}"));
    }
    exit
}

fn append(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    file.write_all(text.as_bytes())
}
