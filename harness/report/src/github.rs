//! For a GitHub workflow: annotations, and a page for the step's summary.

use crate::escape::escape;
use crate::pretty::{Style, conclusion, failure_block};
use std::fmt::Write;
use terms::{Catalog, Judged, Level, Overlay, Report, Trouble, Verdict};

/// Annotations of a kind that are shown; the system drops what goes beyond
/// ten without a word.
const MOST: usize = 9;

/// Bytes of a summary; the system refuses more than 1024 KiB a step.
const SUMMARY_BYTES: usize = 900 << 10;

/// One annotation. Its message is escaped already, its other texts are not.
#[derive(Debug, Clone)]
pub struct Annotation {
    /// `error`, `warning` or `notice`.
    pub kind: &'static str,
    /// The file and the line it is shown at.
    pub place: Option<(String, u32)>,
    /// Its title.
    pub title: String,
    /// What it says.
    pub message: String,
}

/// Workflow commands, at most ten of a kind.
pub fn annotations(all: &[Annotation]) -> String {
    let mut text = String::new();
    for kind in ["error", "warning", "notice"] {
        let of_kind: Vec<&Annotation> = all.iter().filter(|each| each.kind == kind).collect();
        for each in of_kind.iter().take(MOST) {
            let place = each
                .place
                .as_ref()
                .map_or_else(String::new, |(file, line)| {
                    format!("file={},line={line},", property(&escape(file)))
                });
            let _ = writeln!(
                text,
                "::{kind} {place}title={}::{}",
                property(&escape(&each.title)),
                data(&each.message)
            );
        }
        if of_kind.len() > MOST {
            let _ = writeln!(
                text,
                "::{kind}::and {} more, see the summary",
                of_kind.len() - MOST
            );
        }
    }
    text
}

/// Workflow commands for what did not pass.
pub fn github(report: &Report) -> String {
    let annotated = report.results.iter().filter_map(|judged| {
        let (kind, message) = annotation(judged)?;
        Some(Annotation {
            kind,
            place: None,
            title: format!("{} {}", judged.id, judged.title),
            message,
        })
    });
    let noted = report.notes.iter().map(|note| Annotation {
        kind: "warning",
        place: None,
        title: "the run".to_owned(),
        message: escape(note),
    });
    annotations(&annotated.chain(noted).collect::<Vec<_>>())
}

/// The kind of annotation a result deserves, and what it says.
fn annotation(judged: &Judged) -> Option<(&'static str, String)> {
    match (&judged.verdict, judged.overlay) {
        (Verdict::Fail { findings }, overlay) => {
            let message = findings
                .iter()
                .map(|finding| escape(&finding.message))
                .collect::<Vec<_>>()
                .join("\n");
            match (overlay, judged.level) {
                (Some(Overlay::Flaky), _) => {
                    Some(("warning", format!("flaky, passed alone: {message}")))
                }
                (None, Level::Must) => Some(("error", message)),
                (None, Level::Should) => Some(("warning", message)),
                (None, Level::May) => None,
            }
        }
        (Verdict::Unknown { trouble }, _) => match trouble {
            Trouble::BlockedBy { .. } => None,
            Trouble::HarnessFault { .. } | Trouble::Infrastructure { .. } => {
                Some(("error", escape(&trouble.to_string())))
            }
            Trouble::Vacuous { .. } => Some(("warning", escape(&trouble.to_string()))),
        },
        _ => None,
    }
}

fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// The result as a Markdown page: the conclusion, a table of what did not
/// pass, and the blocks of what failed, folded; cut at a bounded length.
pub fn summary(report: &Report, catalog: &Catalog) -> String {
    let counts = &report.counts;
    let mut text = format!(
        "## {}\n\n`{}` · {} passed · {} failed · {} warned · {} flaky · {} unknown · {} skipped · seed {}\n",
        conclusion(report),
        code(&report.subject.path),
        counts.passed,
        counts.failed,
        counts.warnings,
        counts.flaky,
        counts.unknown,
        counts.skipped,
        report.seed
    );
    for note in &report.notes {
        let _ = writeln!(text, "\nNote: `{}`", code(note));
    }
    let shown: Vec<&Judged> = report
        .results
        .iter()
        .filter(|judged| {
            judged.overlay.is_some()
                || matches!(
                    judged.verdict,
                    Verdict::Fail { .. } | Verdict::Unknown { .. }
                ) && judged.blocked_by().is_none()
        })
        .collect();
    if !shown.is_empty() {
        text.push_str("\n| | requirement | |\n| --- | --- | --- |\n");
    }
    for judged in &shown {
        let what = match &judged.verdict {
            Verdict::Unknown { trouble } => trouble.to_string(),
            verdict => verdict
                .findings()
                .first()
                .map_or(String::new(), |finding| finding.message.clone()),
        };
        let _ = writeln!(
            text,
            "| {} | {} {} | `{}` |",
            crate::pretty::word(judged),
            judged.id,
            judged.title,
            code(&what)
        );
    }
    let style = Style {
        color: false,
        terse: false,
        verbose: false,
    };
    for judged in shown {
        let block = failure_block(judged, catalog, style);
        if block.is_empty() {
            continue;
        }
        // A fence longer than any run of backticks inside.
        let longest = block
            .split(|character| character != '`')
            .map(str::len)
            .max()
            .unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        let part = format!(
            "\n<details><summary>{} {}</summary>\n\n{fence}text\n{}\n{fence}\n</details>\n",
            judged.id,
            judged.title,
            block.trim_matches('\n')
        );
        if text.len() + part.len() > SUMMARY_BYTES {
            text.push_str("\nThe rest is in the report.\n");
            break;
        }
        text.push_str(&part);
    }
    text
}

/// Plugin text for a code span in a table.
fn code(text: &str) -> String {
    escape(text).replace('`', "'").replace('|', "\\|")
}
