//! The report for people.

use crate::escape::{capped, escape};
use anstyle::{AnsiColor, Style as Ansi};
use std::fmt::Write;
use std::time::Duration;
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
    /// Whether blocked results have a line each and evidence is shown whole.
    pub verbose: bool,
}

/// Lines of stderr shown in a block.
const STDERR_LINES: usize = 20;
/// Events of the transcript shown in a block.
const EVENTS: usize = 20;

/// The whole report: what was run, a line for each result, and what
/// [`pretty_end`] adds.
pub fn pretty(report: &Report, catalog: &Catalog, style: Style) -> String {
    let mut text = pretty_head(report);
    text.push('\n');
    for judged in &report.results {
        text.push_str(&pretty_line(judged, style));
    }
    text.push_str(&pretty_end(report, catalog, style));
    text
}

/// What follows the results: what was blocked, a block for each breach, the
/// counts, the conclusion.
pub fn pretty_end(report: &Report, catalog: &Catalog, style: Style) -> String {
    let mut text = String::new();
    if !style.verbose {
        blocked(report, &mut text);
    }
    for judged in &report.results {
        text.push_str(&failure_block(judged, catalog, style));
    }
    foot(report, &mut text);
    text
}

/// What was run: harness, interface, seed, and the plugin as it describes
/// itself.
pub fn pretty_head(report: &Report) -> String {
    let mut text = format!("aperio-plugin {}", report.harness);
    if let Some(version) = &report.interface {
        let _ = write!(text, " · interface {version}");
    } else {
        let _ = write!(text, " · {} contract", report.contract);
    }
    let _ = write!(text, " · effort {} · seed {}", report.effort, report.seed);
    if report.timeout_scale != "1" {
        let _ = write!(text, " · times ×{}", report.timeout_scale);
    }
    let subject = &report.subject;
    let _ = write!(text, "\nplugin  ");
    if let (Some(id), Some(version)) = (&subject.id, &subject.version) {
        let _ = write!(text, "{} {}  ", escape(id), escape(version));
    }
    let _ = write!(text, "{}", escape(&subject.path));
    if let Some(digest) = &subject.sha256 {
        let _ = write!(text, "  sha256:{}", &digest[..digest.len().min(12)]);
    }
    for words in [subject.kinds.join(", "), subject.capabilities.join(" ")] {
        if !words.is_empty() {
            let _ = write!(text, "   {}", escape(&words));
        }
    }
    text.push('\n');
    text
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

/// The word for a result: `PASS`, `FAIL`, `WARN` and so on.
pub(crate) fn word(judged: &Judged) -> &'static str {
    tag(judged).0
}

/// One result in one line; empty where the style folds it.
pub fn pretty_line(judged: &Judged, style: Style) -> String {
    let folded = matches!(judged.verdict, Verdict::Pass | Verdict::Skip { .. });
    if style.terse && folded && judged.overlay.is_none()
        || judged.blocked_by().is_some() && !style.verbose
    {
        return String::new();
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
    let took = match &judged.verdict {
        Verdict::Skip { .. } => " ".repeat(9),
        _ => format!(
            "{:>8.3}s",
            Duration::from_millis(judged.took_ms).as_secs_f64()
        ),
    };
    let reason = match (&judged.verdict, judged.overlay) {
        (_, Some(Overlay::Flaky)) => " — failed 1 of 2, passed alone".to_owned(),
        (Verdict::Skip { reason }, _) => format!(" — {}", escape(&reason.to_string())),
        (Verdict::Unknown { trouble }, _) => format!(" — {}", escape(&trouble.to_string())),
        _ => String::new(),
    };
    format!(
        "{ansi}{word:>9}{ansi:#} [{took}] {:<8}  {}{level}{reason}\n",
        judged.id, judged.title
    )
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
            "  UNKNOWN {} requirements blocked by {root}: {}",
            ids.len(),
            ids.join(" ")
        );
    }
}

/// Everything known of one breach: the promise, what was seen, what proves it,
/// and how to see it again. Empty where there is none.
pub fn failure_block(judged: &Judged, catalog: &Catalog, style: Style) -> String {
    let findings = judged.verdict.findings();
    let mut text = String::new();
    if findings.is_empty() {
        return text;
    }
    let rule = "─".repeat(79);
    let _ = writeln!(
        text,
        "\n{rule}\n{} · {} · since {}",
        judged.id, judged.level, judged.since
    );
    let _ = writeln!(text, " {:<10} {}", "Promise", judged.title);
    let requirement = catalog.get(&judged.id);
    if let Some(requirement) = requirement {
        let norm = requirement.norm();
        for (at, line) in wrapped(&norm, 76 - LABEL).enumerate() {
            let label = if at == 0 { "Spec" } else { "" };
            let _ = writeln!(text, " {label:<10} {line}");
        }
        let _ = writeln!(
            text,
            " {:<10} aperio-plugin explain {}",
            "Explain", judged.id
        );
    }
    for finding in findings {
        findings_text(finding, style, &mut text);
    }
    let causes = requirement.and_then(|requirement| requirement.section("Usual causes"));
    let own_hint = findings.iter().any(|finding| finding.hint.is_some());
    if let Some(causes) = causes.filter(|_| !own_hint) {
        let _ = writeln!(text, " {:<10} {}", "Hint", causes.replace('\n', " "));
    }
    for note in &judged.notes {
        let _ = writeln!(text, " {:<10} {}", "Note", escape(note));
    }
    if let Some(command) = &judged.reproduce {
        let _ = writeln!(text, " {:<10} {}", "Reproduce", escape(command));
    }
    text
}

/// Width of a block's labels, their margin included.
const LABEL: usize = 12;

/// Words in lines of at most `width` characters, longer words alone.
fn wrapped(text: &str, width: usize) -> impl Iterator<Item = String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines.into_iter()
}

fn findings_text(finding: &Finding, style: Style, text: &mut String) {
    let most = |usual| if style.verbose { usize::MAX } else { usual };
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
        let skip = evidence.transcript.len().saturating_sub(most(EVENTS));
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
        for line in capped(
            evidence.stderr.iter().map(String::as_str),
            most(STDERR_LINES),
        ) {
            let _ = writeln!(text, "   {line}");
        }
    }
    for line in capped(
        evidence.excerpt.iter().map(String::as_str),
        most(STDERR_LINES),
    ) {
        let _ = writeln!(text, "   {line}");
    }
}

fn foot(report: &Report, text: &mut String) {
    let counts = &report.counts;
    let _ = writeln!(text, "{}", "─".repeat(79));
    let parts = [
        (counts.passed, "passed"),
        (counts.failed, "failed"),
        (counts.warnings, "warned"),
        (counts.notes, "noted"),
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
        " {} applicable: {}       {:.1}s · seed {}",
        counts.applicable,
        parts.join(" · "),
        Duration::from_millis(report.took_ms).as_secs_f64(),
        report.seed
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
    for note in &report.notes {
        let _ = writeln!(text, " note: {}", escape(note));
    }
    let _ = writeln!(text, " {}", conclusion(report));
}

/// The last word in one line that scripts may read.
pub fn conclusion(report: &Report) -> String {
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
    format!("{}{to} (exit {})", report.conclusion, report.exit)
}
