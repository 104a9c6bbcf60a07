//! The report for people.

use crate::escape::{capped, escape};
use anstyle::{AnsiColor, Style as Ansi};
use std::fmt::Write;
use terms::{
    Catalog, Conclusion, Direction, Finding, Judged, Level, Overlay, Place, Report, Verdict,
};

/// How text is dressed; it reads the same without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether tags are coloured.
    pub color: bool,
    /// Whether passing and skipped lines are left out.
    pub terse: bool,
}

/// Lines of stderr shown in a block.
const STDERR_LINES: usize = 20;
/// Events of the transcript shown in a block.
const EVENTS: usize = 20;

/// The whole report: a line for each result, a block for each breach and each
/// thing that could not be judged, the counts, the conclusion.
pub fn pretty(report: &Report, catalog: &Catalog, style: Style) -> String {
    let mut text = String::new();
    head(report, &mut text);
    for judged in &report.results {
        if judged.blocked_by().is_none() {
            line(judged, style, &mut text);
        }
    }
    blocked(report, &mut text);
    for judged in &report.results {
        block(judged, catalog, &mut text);
    }
    foot(report, &mut text);
    text
}

fn head(report: &Report, text: &mut String) {
    let interface = report
        .interface
        .as_ref()
        .map_or(String::new(), |version| format!(" · interface {version}"));
    let scale = if report.timeout_scale == "1" {
        String::new()
    } else {
        format!(" · times ×{}", report.timeout_scale)
    };
    let _ = writeln!(text, "aperio-plugin {}{interface}{scale}", report.harness);
    let subject = &report.subject;
    let name = match (&subject.id, &subject.version) {
        (Some(id), Some(version)) => format!("{} {}  ", escape(id), escape(version)),
        _ => String::new(),
    };
    let digest = subject.sha256.as_ref().map_or(String::new(), |digest| {
        format!("  sha256:{}", &digest[..digest.len().min(12)])
    });
    let _ = writeln!(text, "plugin  {name}{}{digest}", escape(&subject.path));
    let _ = writeln!(text);
}

fn tag(judged: &Judged) -> (&'static str, AnsiColor) {
    match (&judged.verdict, judged.overlay, judged.level) {
        (_, Some(Overlay::Flaky), _) => ("FLAKY", AnsiColor::Yellow),
        (Verdict::Pass, ..) => ("PASS", AnsiColor::Green),
        (Verdict::Fail { .. }, _, Level::Must) => ("FAIL", AnsiColor::Red),
        (Verdict::Fail { .. }, _, Level::Should) => ("WARN", AnsiColor::Yellow),
        (Verdict::Fail { .. }, _, Level::May) => ("NOTE", AnsiColor::Cyan),
        (Verdict::Skip { .. }, ..) => ("SKIP", AnsiColor::Blue),
        (Verdict::Unknown { .. }, ..) => ("UNKNOWN", AnsiColor::Magenta),
    }
}

fn line(judged: &Judged, style: Style, text: &mut String) {
    let folded = matches!(judged.verdict, Verdict::Pass | Verdict::Skip { .. });
    if style.terse && folded && judged.overlay.is_none() {
        return;
    }
    let (word, color) = tag(judged);
    let ansi = if style.color {
        Ansi::new().bold().fg_color(Some(color.into()))
    } else {
        Ansi::new()
    };
    let level = match judged.level {
        Level::Must => "",
        Level::Should => " (SHOULD)",
        Level::May => " (MAY)",
    };
    let reason = match (&judged.verdict, judged.overlay) {
        (_, Some(Overlay::Flaky)) => " — failed 1 of 2, passed alone".to_owned(),
        (Verdict::Skip { reason }, _) => format!(" — {reason}"),
        (Verdict::Unknown { trouble }, _) => format!(" — {}", escape(&trouble.to_string())),
        _ => String::new(),
    };
    let _ = writeln!(
        text,
        "{ansi}{word:>8}{ansi:#} {}  {}{level}{reason}",
        judged.id, judged.title
    );
}

fn blocked(report: &Report, text: &mut String) {
    let mut roots: Vec<&str> = report
        .results
        .iter()
        .filter_map(Judged::blocked_by)
        .collect();
    roots.sort_unstable();
    roots.dedup();
    for root in roots {
        let ids: Vec<&str> = report
            .results
            .iter()
            .filter(|judged| judged.blocked_by() == Some(root))
            .map(|judged| judged.id.as_str())
            .collect();
        let _ = writeln!(
            text,
            " UNKNOWN {} requirements blocked by {root}: {}",
            ids.len(),
            ids.join(" ")
        );
    }
}

fn block(judged: &Judged, catalog: &Catalog, text: &mut String) {
    let findings = judged.verdict.findings();
    if findings.is_empty() {
        return;
    }
    let rule = "─".repeat(79);
    let _ = writeln!(
        text,
        "\n{rule}\n{} · {} · since {}",
        judged.id, judged.level, judged.since
    );
    let _ = writeln!(text, " {:<10} {}", "Promise", judged.title);
    let requirement = catalog.get(&judged.id);
    if requirement.is_some() {
        let _ = writeln!(text, " {:<10} aperio-plugin explain {}", "Spec", judged.id);
    }
    for finding in findings {
        findings_text(finding, text);
    }
    let causes = requirement.and_then(|requirement| requirement.section("Usual causes"));
    let own_hint = findings.iter().any(|finding| finding.hint.is_some());
    if let Some(causes) = causes.filter(|_| !own_hint) {
        let _ = writeln!(text, " {:<10} {}", "Hint", causes.replace('\n', " "));
    }
    if let Some(command) = &judged.reproduce {
        let _ = writeln!(text, " {:<10} {}", "Reproduce", escape(command));
    }
}

fn findings_text(finding: &Finding, text: &mut String) {
    let mut row = |name: &str, value: &str| {
        let _ = writeln!(text, " {name:<10} {}", escape(value));
    };
    row("Seen", &finding.message);
    match &finding.place {
        Place::Process => {}
        Place::Handshake { field: 0 } => row("Where", "the handshake line"),
        Place::Handshake { field } => row("Where", &format!("field {field} of the handshake line")),
        Place::Call { method } => row("Where", method),
        Place::Output { stream, line } => row("Where", &format!("{stream}, line {line}")),
        Place::Source { file, line } => row("Where", &format!("{file}:{line}")),
        Place::Pointer { pointer } => row("Where", pointer),
    }
    if let Some(expected) = &finding.expected {
        row("Expected", expected);
    }
    if let Some(actual) = &finding.actual {
        row("Actual", actual);
    }
    if let Some(hint) = &finding.hint {
        row("Hint", hint);
    }
    let evidence = &finding.evidence;
    if !evidence.transcript.is_empty() {
        let _ = writeln!(text, " Transcript");
        let skip = evidence.transcript.len().saturating_sub(EVENTS);
        for event in &evidence.transcript[skip..] {
            let arrow = match event.direction {
                Direction::ToPlugin => "→",
                Direction::FromPlugin => "←",
                Direction::Process => "·",
            };
            let _ = writeln!(
                text,
                "   +{}.{}ms {arrow} {} {}",
                event.at_us / 1000,
                event.at_us % 1000 / 100,
                escape(&event.what),
                escape(&event.detail)
            );
        }
    }
    if !evidence.stderr.is_empty() {
        let _ = writeln!(text, " Plugin's stderr");
        for line in capped(evidence.stderr.iter().map(String::as_str), STDERR_LINES) {
            let _ = writeln!(text, "   {line}");
        }
    }
    for line in capped(evidence.excerpt.iter().map(String::as_str), STDERR_LINES) {
        let _ = writeln!(text, "   {line}");
    }
}

fn foot(report: &Report, text: &mut String) {
    let counts = &report.counts;
    let _ = writeln!(text, "{}", "─".repeat(79));
    let parts = [
        (counts.passed, "passed"),
        (counts.failed, "failed"),
        (counts.warnings, "warnings"),
        (counts.notes, "notes"),
        (counts.flaky, "flaky"),
        (counts.unknown, "unknown"),
        (counts.skipped, "skipped"),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let _ = writeln!(
        text,
        " {} applicable: {}",
        counts.applicable,
        parts.join(" · ")
    );
    let _ = writeln!(
        text,
        " MUST {}/{} · SHOULD {}/{} · {} of {} exercised",
        counts.must_passed,
        counts.must,
        counts.should_passed,
        counts.should,
        counts.exercised,
        counts.applicable
    );
    let to = match (
        report.conclusion,
        report.contract.as_str(),
        &report.interface,
    ) {
        (Conclusion::Conformant | Conclusion::NotConformant, "go-plugin", _) => {
            " to the go-plugin process contract".to_owned()
        }
        (Conclusion::Conformant | Conclusion::NotConformant, _, Some(version)) => {
            format!(" to interface {version}, process contract")
        }
        _ => String::new(),
    };
    let _ = writeln!(text, " {}{to} (exit {})", report.conclusion, report.exit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use terms::{Counts, Evidence, Reach, SkipReason, Subject, Trouble};

    fn judged(id: &str, level: Level, verdict: Verdict) -> Judged {
        Judged {
            id: id.to_owned(),
            title: "a promise".to_owned(),
            level,
            since: "1.0".to_owned(),
            verdict,
            overlay: None,
            notes: Vec::new(),
            reproduce: Some("aperio-plugin test --exact X -- ./p".to_owned()),
            took_ms: 1,
        }
    }

    #[test]
    fn every_verdict_shows_and_plugin_text_is_escaped() {
        let finding = Finding::new("broke \x1b[2J").with(Evidence {
            stderr: vec!["::error::mine".to_owned()],
            ..Evidence::default()
        });
        let report = Report {
            schema: 1,
            harness: "0".to_owned(),
            interface: Some("1.2.0".to_owned()),
            contract: "aperio".to_owned(),
            effort: "quick".to_owned(),
            seed: 0,
            timeout_scale: "1".to_owned(),
            strict: false,
            subject: Subject::default(),
            reach: Reach::Full,
            conclusion: Conclusion::NotConformant,
            exit: 1,
            incomplete: false,
            filtered: false,
            counts: Counts::default(),
            results: vec![
                judged("A-001", Level::Must, Verdict::Pass),
                judged("A-002", Level::Must, Verdict::fail(finding.clone())),
                judged("A-003", Level::Should, Verdict::fail(finding)),
                judged(
                    "A-004",
                    Level::Must,
                    Verdict::Skip {
                        reason: SkipReason::Reattached,
                    },
                ),
                judged("A-005", Level::Must, Verdict::vacuous("nothing came")),
                judged(
                    "A-006",
                    Level::Must,
                    Verdict::Unknown {
                        trouble: Trouble::BlockedBy {
                            id: "A-002".to_owned(),
                        },
                    },
                ),
            ],
            started: String::new(),
            took_ms: 0,
        };
        let style = Style {
            color: false,
            terse: false,
        };
        let text = pretty(&report, &Catalog::default(), style);
        for part in [
            "PASS A-001",
            "FAIL A-002",
            "WARN A-003",
            "SKIP A-004",
            "UNKNOWN A-005",
            "1 requirements blocked by A-002: A-006",
            "broke \\x1b[2J",
            "\\::error::mine",
            "NOT CONFORMANT to interface 1.2.0, process contract (exit 1)",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains('\x1b'));
        let terse = pretty(
            &report,
            &Catalog::default(),
            Style {
                color: false,
                terse: true,
            },
        );
        assert!(!terse.contains("A-001") && terse.contains("A-002"));
    }
}
