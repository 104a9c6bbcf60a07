//! What is said of messages that were sent.

use super::verdict::{Answer, Replayed, Word};
use anstyle::{AnsiColor, Style};
use compat::load::{Failure, LoadError};
use compat::witness::{Heard, Likeness};
use report::escape;
use serde_json::{Value, json};
use std::fmt::Write;
use terms::Exit;

/// Version of the JSON.
const SCHEMA: u32 = 1;
/// Lines of stderr that the text shows.
const STDERR: usize = 8;

const FAIL: Style = AnsiColor::Red.on_default().bold();
const PASS: Style = AnsiColor::Green.on_default().bold();
const UNKNOWN: Style = AnsiColor::Yellow.on_default().bold();
const SKIP: Style = Style::new();

fn word(word: Word) -> (&'static str, Style) {
    match word {
        Word::Fail => ("FAIL", FAIL),
        Word::Pass => ("PASS", PASS),
        Word::Unknown => ("UNKNOWN", UNKNOWN),
        Word::Skip => ("SKIP", SKIP),
    }
}

fn painted((text, style): (&str, Style)) -> String {
    format!("{style}{text:>7}{style:#}")
}

/// One message in one line.
pub(in crate::commands) fn line(replayed: &Replayed) -> String {
    let Replayed {
        rule, fingerprint, ..
    } = replayed;
    format!(
        "{} {}-{}   {}\n",
        painted(word(replayed.word)),
        escape(rule),
        escape(fingerprint),
        escape(&replayed.why)
    )
}

/// One message in a block.
pub(super) fn block(replayed: &Replayed) -> String {
    let mut text = line(replayed);
    let mut row = |label: &str, value: &str| {
        let _ = writeln!(text, "        {label:<9} {value}");
    };
    if let Some(rule) = compat::catalog::find(&replayed.rule) {
        row("promise", &rule.title());
    }
    row("file", &escape(&replayed.file));
    let Some(answer) = &replayed.answer else {
        return text;
    };
    if let Some(rpc) = &replayed.rpc {
        let length = answer.bytes;
        row("sent", &format!("{length} bytes to {}", escape(rpc)));
    }
    if let Some(why) = &answer.unattached {
        row("attach", &escape(why));
    }
    row(
        &format!("{} means", escape(&replayed.writer)),
        &escape(&replayed.meant.to_string()),
    );
    row("answer", &escape(&answer.end));
    for reply in &answer.replies {
        row("", &escape(&reply.to_string()));
    }
    if answer.more {
        row("", "and more");
    }
    if let Some((by, heard)) = &answer.heard {
        for (profile, heard) in heard {
            row("reads", &read(profile, heard));
        }
        row("by", &escape(by));
    }
    for line in report::capped(answer.stderr.iter().map(String::as_str), STDERR) {
        row("stderr", &line);
    }
    text
}

fn read(profile: &str, heard: &Heard) -> String {
    let what = match (&heard.json, &heard.error) {
        (Some(json), _) => json.to_string(),
        (None, Some(error)) => format!("nothing: {error}"),
        (None, None) => "nothing".to_owned(),
    };
    format!("{}   ({profile}: {})", escape(&what), like(heard.like))
}

fn like(like: Likeness) -> &'static str {
    match like {
        Likeness::Meant => "as meant",
        Likeness::Predicted => "as predicted",
        Likeness::Otherwise => "otherwise",
        Likeness::Refused => "refused",
    }
}

/// The counts and the conclusion.
pub(super) fn end(replayed: &[Replayed], exit: Exit) -> String {
    let mut counts = Vec::new();
    for (wanted, named) in [
        (Word::Fail, "break"),
        (Word::Pass, "hold"),
        (Word::Unknown, "unknown"),
        (Word::Skip, "skipped"),
    ] {
        let count = replayed.iter().filter(|one| one.word == wanted).count();
        if count > 0 {
            counts.push(format!("{count} {named}"));
        }
    }
    let style = match exit {
        Exit::Conforms => PASS,
        Exit::Breach => FAIL,
        _ => UNKNOWN,
    };
    format!(
        "{} messages: {}\n{style}{}{style:#}\n",
        replayed.len(),
        counts.join(", "),
        conclusion(&Ok(()), exit)
    )
}

fn conclusion(told: &Result<(), LoadError>, exit: Exit) -> &'static str {
    match (told.as_ref().err().map(|error| error.failure), exit) {
        (Some(Failure::BadInput), _) => "BAD INPUT",
        (Some(Failure::NothingSelected), _) | (None, Exit::NothingSelected) => "NOTHING SELECTED",
        (None, Exit::Conforms) => "HOLDS",
        (None, Exit::Breach) => "BREAKS",
        _ => "COULD NOT JUDGE",
    }
}

/// The whole run as one object.
pub(super) fn json(told: &Result<(), LoadError>, replayed: &[Replayed], exit: Exit) -> String {
    let error = told.as_ref().err();
    let value = json!({
        "schema": SCHEMA,
        "tool": concat!("aperio-plugin ", env!("CARGO_PKG_VERSION")),
        "conclusion": conclusion(told, exit),
        "exit": exit.code(),
        "error": error.map(|error| json!({
            "message": error.message,
            "path": error.path,
            "line": (error.line > 0).then_some(error.line),
            "col": (error.column > 0).then_some(error.column),
        })),
        "replayed": replayed.iter().map(object).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

/// One message as an object.
pub(in crate::commands) fn object(replayed: &Replayed) -> Value {
    let answer = replayed.answer.as_ref();
    json!({
        "file": replayed.file,
        "rule": replayed.rule,
        "fingerprint": replayed.fingerprint,
        "writer": replayed.writer,
        "rpc": replayed.rpc,
        "predicted": replayed.predicted,
        "means": replayed.meant,
        "verdict": word(replayed.word).0.to_ascii_lowercase(),
        "why": replayed.why,
        "answer": answer.map(told),
    })
}

fn told(answer: &Answer) -> Value {
    let heard = answer.heard.as_ref();
    json!({
        "sent": answer.bytes,
        "end": answer.end,
        "code": answer.code,
        "replies": answer.replies,
        "more": answer.more,
        "unattached": answer.unattached,
        "by": heard.map(|(by, _)| by),
        "reads": heard.map(|(_, heard)| {
            let reads = heard.iter().map(|(profile, heard)| {
                let value = json!({
                    "json": heard.json,
                    "error": heard.error,
                    "like": like(heard.like),
                });
                ((*profile).to_owned(), value)
            });
            reads.collect::<serde_json::Map<_, _>>()
        }),
        "stderr": answer.stderr,
    })
}
