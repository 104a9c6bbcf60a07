//! The forms of a comparison's result.

mod github;
mod json;
pub(super) mod matrix;
mod text;

use crate::args::{CompatFormat, Rulebook};
use compat::aperio::{self, Conclusion};
use compat::buf;
use compat::load::{Failure, LoadError};
use compat::model::Span;
use compat::{Declared, Version, Waiver};
use std::collections::HashMap;
use std::path::PathBuf;
use terms::Exit;

/// Version of the JSON form; rises when a reader would misread it.
const SCHEMA: u32 = 1;

/// A comparison that came to an end.
pub(super) struct Compared {
    pub(super) new: Side,
    /// What each base is called, its version and its digest, newest first.
    pub(super) bases: Vec<(String, Option<Version>, String)>,
    pub(super) declared: Option<Declared>,
    /// What rulebook aperio says, where it was asked.
    pub(super) aperio: Option<aperio::Outcome>,
    pub(super) waivers: Vec<Waiver>,
    /// Files of witnesses, by the fingerprints of their findings.
    pub(super) witnesses: HashMap<String, PathBuf>,
    /// What rulebook buf says, where it was asked.
    pub(super) buf: Option<Vec<buf::Finding>>,
    /// Bases that could not be read.
    pub(super) unread: Vec<LoadError>,
}

/// The new side.
pub(super) struct Side {
    pub(super) reference: String,
    pub(super) digest: String,
    pub(super) files: usize,
    /// Its text, where it is text, stands in the working directory.
    pub(super) is_working_text: bool,
    pub(super) packages: Vec<String>,
}

pub(super) type Ended = Result<Compared, LoadError>;

impl Compared {
    /// Whether something was found that must not be.
    fn is_breach(&self) -> bool {
        let aperio = self.aperio.as_ref();
        aperio.is_some_and(|outcome| outcome.conclusion != Conclusion::Compatible)
            || self
                .buf
                .as_ref()
                .is_some_and(|findings| !findings.is_empty())
            || self.is_refused()
    }

    /// Whether a base is not what was released.
    fn is_refused(&self) -> bool {
        let mut unread = self.unread.iter();
        unread.any(|error| error.failure == Failure::Refused)
    }
}

/// Why nothing is concluded: an error, or a base that nobody could read.
fn trouble(ended: &Ended) -> Option<&LoadError> {
    match ended {
        Err(error) => Some(error),
        // What is proven against another base stands.
        Ok(compared) if !compared.is_breach() => compared.unread.first(),
        Ok(_) => None,
    }
}

/// The exit code that the result means.
pub(super) fn exit(ended: &Ended) -> Exit {
    match (trouble(ended), ended) {
        (Some(error), Err(_)) => error.failure.exit(),
        (Some(_), Ok(_)) => Exit::CouldNotJudge,
        (None, Ok(compared)) if compared.is_breach() => Exit::Breach,
        (None, _) => Exit::Conforms,
    }
}

fn conclusion(ended: &Ended) -> &'static str {
    if let Some(error) = trouble(ended) {
        return match ended {
            Ok(_) => failed(Failure::Unjudged),
            Err(_) => failed(error.failure),
        };
    }
    let aperio = ended.as_ref().ok().and_then(|ended| ended.aperio.as_ref());
    match aperio.map(|outcome| outcome.conclusion) {
        _ if ended.as_ref().is_ok_and(Compared::is_refused) => Conclusion::Refused.name(),
        Some(conclusion) if conclusion != Conclusion::Compatible => conclusion.name(),
        _ if exit(ended) == Exit::Breach => Conclusion::Refused.name(),
        _ => Conclusion::Compatible.name(),
    }
}

/// How a run ends that could not begin.
fn failed(failure: Failure) -> &'static str {
    match failure {
        Failure::NothingSelected => "NOTHING SELECTED",
        Failure::BadInput | Failure::Usage => "BAD INPUT",
        Failure::Unjudged => "COULD NOT JUDGE",
        Failure::Refused => Conclusion::Refused.name(),
    }
}

pub(super) fn render(format: CompatFormat, rulebook: Rulebook, ended: &Ended) -> String {
    match format {
        CompatFormat::Json => {
            let mut text = format!("{:#}", json::object(rulebook, ended));
            text.push('\n');
            text
        }
        CompatFormat::BufJson => lines(ended),
        CompatFormat::Pretty => text::pretty(ended),
        CompatFormat::Terse => text::terse(ended),
        CompatFormat::Github => github::render(ended),
    }
}

/// The lines of buf: findings, or the error of a file that does not compile.
fn lines(ended: &Ended) -> String {
    let mut text = String::new();
    match ended {
        Ok(compared) => {
            for finding in compared.buf.iter().flatten() {
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
