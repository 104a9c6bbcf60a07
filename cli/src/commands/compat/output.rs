//! The forms of a comparison's result.

use crate::args::CompatFormat;
use compat::Version;
use compat::buf::{self, Finding};
use compat::load::{Failure, LoadError};
use compat::model::Span;
use serde_json::{Value, json};
use std::fmt::Write;
use terms::Exit;

/// Version of the JSON form; rises when a reader would misread it.
const SCHEMA: u32 = 1;

/// A comparison that came to an end.
pub(super) struct Outcome {
    pub(super) new: Side,
    pub(super) base: Side,
    pub(super) findings: Vec<Finding>,
}

/// One side of it.
pub(super) struct Side {
    pub(super) reference: String,
    /// Where it is known.
    pub(super) version: Option<Version>,
    pub(super) digest: String,
    pub(super) files: usize,
}

type Ended = Result<Outcome, LoadError>;

/// The exit code that the result means.
pub(super) fn exit(ended: &Ended) -> Exit {
    match ended {
        Err(error) => error.failure.exit(),
        Ok(outcome) if outcome.findings.is_empty() => Exit::Conforms,
        Ok(_) => Exit::Breach,
    }
}

pub(super) fn render(format: CompatFormat, ended: &Ended) -> String {
    match format {
        CompatFormat::Json => {
            let mut text = format!("{:#}", object(ended));
            text.push('\n');
            text
        }
        CompatFormat::BufJson => lines(ended),
        CompatFormat::Pretty => text(ended, true),
        CompatFormat::Terse => text(ended, false),
    }
}

/// The lines of buf: findings, or the error of a file that does not compile.
fn lines(ended: &Ended) -> String {
    let mut text = String::new();
    match ended {
        Ok(outcome) => {
            for finding in &outcome.findings {
                text.push_str(&finding.line());
                text.push('\n');
            }
        }
        Err(error) if error.failure == Failure::BadInput && error.path.is_some() => {
            let (line, column) = (error.line.max(1), error.column.max(1));
            let span = Span {
                start_line: line,
                start_column: column,
                end_line: line,
                end_column: column,
            };
            text.push_str(&buf::line(
                error.path.as_deref(),
                span,
                "COMPILE",
                &error.message,
            ));
            text.push('\n');
        }
        Err(_) => {}
    }
    text
}

fn conclusion(ended: &Ended) -> &'static str {
    match ended {
        Ok(outcome) if outcome.findings.is_empty() => "COMPATIBLE",
        Ok(_) => "REFUSED",
        Err(error) => match error.failure {
            Failure::NothingSelected => "NOTHING SELECTED",
            Failure::BadInput | Failure::Usage => "BAD INPUT",
            Failure::Unjudged => "COULD NOT JUDGE",
            Failure::Refused => "REFUSED",
        },
    }
}

fn object(ended: &Ended) -> Value {
    let side = |side: &Side| {
        json!({
            "ref": side.reference,
            "digest": format!("sha256:{}", side.digest),
            "files": side.files,
        })
    };
    let outcome = ended.as_ref().ok();
    let error = ended.as_ref().err().map(|error| {
        let known = |number: u32| (number > 0).then_some(number);
        json!({
            "message": error.message,
            "path": error.path,
            "line": known(error.line),
            "col": known(error.column),
        })
    });
    json!({
        "schema": SCHEMA,
        "tool": concat!("aperio-plugin ", env!("CARGO_PKG_VERSION")),
        "rulebook": "buf",
        "conclusion": conclusion(ended),
        "exit": exit(ended).code(),
        "error": error,
        "new": outcome.map(|outcome| side(&outcome.new)),
        "bases": outcome.map_or_else(Vec::new, |outcome| {
            let mut base = side(&outcome.base);
            let version = outcome.base.version.as_ref();
            base["version"] = json!(version.map(ToString::to_string));
            base["required"] = Value::Null;
            vec![base]
        }),
        "declared": Value::Null,
        "required": Value::Null,
        "findings": Value::Null,
        "skew": Value::Null,
        "waivers": [],
        "buf": outcome.map(|outcome| json!({
            "findings": outcome.findings.iter().map(finding).collect::<Vec<_>>(),
        })),
    })
}

fn finding(finding: &Finding) -> Value {
    let categories: Vec<&str> = finding
        .rule
        .buf
        .iter()
        .flat_map(|buf| buf.v2)
        .map(|category| category.id())
        .collect();
    let place = finding.path.as_ref().map(|path| {
        json!({
            "path": path,
            "line": finding.span.start_line,
            "col": finding.span.start_column,
            "end_line": finding.span.end_line,
            "end_col": finding.span.end_column,
        })
    });
    json!({
        "id": finding.rule.id,
        "title": finding.rule.title(),
        "categories": categories,
        "element": finding.element,
        "place": place,
        "message": finding.message,
    })
}

fn text(ended: &Ended, blocks: bool) -> String {
    let mut text = String::new();
    if let Ok(outcome) = ended {
        let width = outcome
            .findings
            .iter()
            .map(|finding| finding.rule.id.len())
            .max()
            .unwrap_or(0);
        for finding in &outcome.findings {
            let place = match &finding.path {
                None => "no file".to_owned(),
                Some(path) => format!(
                    "{}:{}:{}",
                    report::escape(path),
                    finding.span.start_line,
                    finding.span.start_column
                ),
            };
            let message = report::escape(&finding.message);
            let id = finding.rule.id;
            let _ = if blocks {
                writeln!(
                    text,
                    " FAIL {id:<width$}  {}\n      {place}   {}\n      {message}",
                    finding.rule.title(),
                    report::escape(&finding.element)
                )
            } else {
                writeln!(text, "{place}: {id} {message}")
            };
        }
        if blocks {
            let count = match outcome.findings.len() {
                0 => "no findings".to_owned(),
                1 => "1 finding".to_owned(),
                many => format!("{many} findings"),
            };
            let _ = writeln!(
                text,
                "{} → {}   {count} by the rules of buf",
                report::escape(&outcome.base.reference),
                report::escape(&outcome.new.reference)
            );
        }
    }
    text.push_str(conclusion(ended));
    text.push('\n');
    text
}
