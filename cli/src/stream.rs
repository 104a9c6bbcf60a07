//! What a user sees while a run goes on: lines, events, one line of progress.

use crate::args::Format;
use report::Style;
use runner::{Event, Interrupt, Plan};
use serde_json::{Value, json};
use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use terms::{Catalog, Exit, Judged, Report};

/// From ids to the command that judges them again.
pub(crate) type Reproduce = dyn Fn(&[&str]) -> String + Send;

/// Version of the events; rises when a reader would misread them.
const EVENTS: u32 = 1;

/// How often it is looked whether a check has become slow.
const LOOKS: Duration = Duration::from_millis(200);

/// Everything that is written while a run goes on.
pub(crate) struct Stream {
    pub(crate) format: Format,
    pub(crate) style: Style,
    /// Files that get the events as well.
    pub(crate) events: Vec<File>,
    pub(crate) catalog: Catalog,
    pub(crate) interrupt: Interrupt,
    /// Stops workflow commands in what a plugin says, on GitHub.
    pub(crate) token: String,
    pub(crate) slow: Duration,
    pub(crate) began: Instant,
    /// What the run ends in for want of a stdout.
    pub(crate) ended: Cell<Option<Exit>>,
    /// The commands that judge an id again.
    pub(crate) reproduce: Box<Reproduce>,
}

impl Stream {
    fn say(&self, text: &str) {
        if self.ended.get().is_some() {
            return;
        }
        match crate::commands::say(text) {
            Exit::Conforms => {}
            exit => {
                self.ended.set(Some(exit));
                self.interrupt.end(runner::Cause::User);
            }
        }
    }

    /// One event, to whoever wants events.
    fn event(&mut self, kind: &str, fields: &Value) {
        let line = event_line(kind, fields);
        if self.format == Format::Json {
            self.say(&line);
        }
        self.events.retain_mut(|file| {
            let written = file.write_all(line.as_bytes()).is_ok();
            if !written {
                crate::commands::talk("error: a file of events cannot be written any more");
            }
            written
        });
    }

    fn is_text(&self) -> bool {
        self.format != Format::Json
    }

    /// The head, as soon as the plugin is known and the plan made.
    pub(crate) fn start(&mut self, head: &Report, plan: &Plan, trouble: Option<&str>) {
        let run = uuid::Uuid::new_v4().to_string();
        self.event(
            "run-start",
            &json!({"run": run, "harness": head.harness,
                "interface": head.interface, "contract": head.contract, "effort": head.effort,
                "seed": head.seed, "subject": head.subject,
            }),
        );
        self.event("plan", &plan_fields(plan));
        if self.is_text() {
            if self.format == Format::Github {
                self.say(&format!("::stop-commands::{}\n", self.token));
            }
            self.say(&report::pretty_head(head));
            if let Some(why) = trouble {
                self.say(&format!(
                    "        does not describe itself: {}\n",
                    report::escape(why)
                ));
            }
            self.say(&format!("{}\n\n", plan_line(plan)));
        }
    }

    /// Follows a run to its end.
    pub(crate) fn follow(&mut self, events: &Receiver<Event>, total: usize) {
        let on_terminal = std::io::stderr().is_terminal();
        let mut running: BTreeMap<&'static str, (Instant, bool)> = BTreeMap::new();
        let mut done = 0;
        loop {
            match events.recv_timeout(LOOKS) {
                Ok(Event::Started { id }) => {
                    running.insert(id, (Instant::now(), false));
                    let at = millis(self.began.elapsed());
                    self.event("test-start", &json!({"id": id, "at_ms": at}));
                }
                Ok(Event::Judged(judged)) => {
                    running.remove(judged.id.as_str());
                    done += 1;
                    self.judged(*judged, on_terminal);
                }
                Err(RecvTimeoutError::Timeout) => {
                    for (id, (since, told)) in &mut running {
                        let took = since.elapsed();
                        if took >= self.slow && !*told {
                            *told = true;
                            self.event(
                                "test-slow",
                                &json!({"id": id, "took_ms": millis(took),
                                }),
                            );
                            if self.style.verbose {
                                crate::commands::talk(&format!("slow: {id} still runs"));
                            }
                        }
                    }
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if on_terminal {
                let ids: Vec<&str> = running.keys().copied().take(4).collect();
                let line = format!("\r\x1b[2K  {done}/{total} {}", ids.join(" "));
                let _ = std::io::stderr().write_all(line.as_bytes());
            }
        }
        if on_terminal {
            let _ = std::io::stderr().write_all(b"\r\x1b[2K");
        }
    }

    fn judged(&mut self, mut judged: Judged, on_terminal: bool) {
        if judged.verdict.is_fail() {
            judged.reproduce = Some((self.reproduce)(&judged.witnesses()));
        }
        if self.is_text() {
            let line = report::pretty_line(&judged, self.style);
            if !line.is_empty() {
                if on_terminal {
                    let _ = std::io::stderr().write_all(b"\r\x1b[2K");
                }
                self.say(&line);
            }
            if self.events.is_empty() {
                return;
            }
        }
        let plain = Style {
            color: false,
            ..self.style
        };
        let text = match report::failure_block(&judged, &self.catalog, plain) {
            block if block.is_empty() => report::pretty_line(&judged, plain),
            block => block,
        };
        let mut fields = serde_json::to_value(&judged).expect("a result has string keys only");
        fields["text"] = text.trim_matches('\n').into();
        self.event("test-end", &fields);
    }

    /// The end: blocks, counts and conclusion, or the last event.
    pub(crate) fn end(&mut self, report: &Report) {
        self.event(
            "run-end",
            &json!({"conclusion": report.conclusion, "exit": report.exit,
                "counts": report.counts, "incomplete": report.incomplete,
                "report": report,
            }),
        );
        if self.is_text() {
            let mut text = report::pretty_end(report, &self.catalog, self.style);
            if self.format == Format::Github {
                let _ = writeln!(text, "::{}::", self.token);
                text.push_str(&report::github(report));
            }
            self.say(&text);
        }
    }
}

/// One event as a line: version and kind first, so that a reader can tell what
/// it does not know.
fn event_line(kind: &str, fields: &Value) -> String {
    let fields = fields.to_string();
    let fields = fields.strip_prefix('{').unwrap_or("}");
    format!("{{\"v\":{EVENTS},\"t\":\"{kind}\",{fields}\n")
}

/// A listed requirement as an event.
pub(crate) fn listed_event(requirement: &terms::Requirement) -> String {
    let fields = json!({
        "id": requirement.id, "title": requirement.title(), "level": requirement.level,
        "since": requirement.since, "area": requirement.area(),
    });
    event_line("listed", &fields)
}

/// The plan as an event.
pub(crate) fn plan_event(plan: &Plan) -> String {
    event_line("plan", &plan_fields(plan))
}

fn plan_fields(plan: &Plan) -> Value {
    let cases: Vec<Value> = plan
        .planned
        .iter()
        .map(|planned| {
            let requirement = &planned.check.requirement;
            json!({
                "id": requirement.id, "title": requirement.title(), "level": requirement.level,
                "group": planned.group.to_string(),
            })
        })
        .collect();
    let left_out: Vec<Value> = plan
        .left_out
        .iter()
        .map(|left| json!({"id": left.requirement.id, "reason": left.why.to_string()}))
        .collect();
    json!({"cases": cases, "left_out": left_out})
}

/// The plan in one line.
pub(crate) fn plan_line(plan: &Plan) -> String {
    let (mut excluded, mut inapplicable, mut unjudged) = (0, 0, 0);
    for left in &plan.left_out {
        match &left.why {
            runner::Omission::Skipped(terms::SkipReason::Excluded) => excluded += 1,
            runner::Omission::Skipped(_) => inapplicable += 1,
            runner::Omission::Nobody(_) => unjudged += 1,
        }
    }
    let all = plan.planned.len() + plan.left_out.len();
    let mut line = format!(
        "plan    {all} requirements: {} to judge",
        plan.planned.len()
    );
    for (number, word) in [
        (inapplicable, "do not apply"),
        (excluded, "left out by you"),
        (unjudged, "not judged by running a plugin"),
    ] {
        if number > 0 {
            let _ = write!(line, ", {number} {word}");
        }
    }
    line
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
