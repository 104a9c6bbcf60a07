//! Text for people: a block or a line for each finding.

use super::{Compared, Ended, conclusion, exit, matrix, trouble};
use anstyle::{AnsiColor, Style};
use compat::aperio::{Finding, Outcome, Place};
use compat::effect::Demand;
use compat::load::file;
use compat::witness::{Outcome as Reads, Witness, hex};
use compat::{Channel, Declared, Era, buf};
use report::escape;
use std::collections::HashMap;
use std::fmt::Write;
use std::path::Path;
use terms::Exit;

/// Blocks of findings that break nothing.
const NOTES: usize = 10;
/// Bytes of a file that an excerpt is taken from.
const TEXT: u64 = 4 << 20;
/// Characters of a line that an excerpt shows.
const WIDTH: usize = 120;

const FAIL: Style = AnsiColor::Red.on_default().bold();
const NOTE: Style = AnsiColor::Cyan.on_default();
const WAIVED: Style = AnsiColor::Yellow.on_default();
const GOOD: Style = AnsiColor::Green.on_default().bold();

fn painted(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// One change, with all it asks for.
struct Change<'f> {
    finding: &'f Finding,
    asks: Vec<(Channel, Demand)>,
    breaks: bool,
    /// Of each finding that breaks.
    fingerprints: Vec<&'f str>,
    witness: Option<&'f Witness>,
}

/// Findings of one change together, what breaks first.
fn changes(outcome: &Outcome) -> Vec<Change<'_>> {
    let mut changes: Vec<Change<'_>> = Vec::new();
    let mut known = HashMap::new();
    for finding in &outcome.findings {
        let key = (
            finding.base,
            finding.rule.id,
            &finding.element,
            &finding.message,
        );
        let at = *known.entry(key).or_insert_with(|| {
            changes.push(Change {
                finding,
                asks: Vec::new(),
                breaks: false,
                fingerprints: Vec::new(),
                witness: None,
            });
            changes.len() - 1
        });
        changes[at].asks.push((finding.channel, finding.demand));
        if let Some(witness) = &finding.witness {
            changes[at].witness = Some(witness);
        }
        if finding.breaks {
            changes[at].breaks = true;
            changes[at].fingerprints.push(&finding.fingerprint);
        }
    }
    changes.sort_by_key(|change| !change.breaks);
    changes
}

fn asks(change: &Change<'_>) -> String {
    let asks = change.asks.iter();
    let asks: Vec<String> = asks
        .map(|(channel, demand)| match channel {
            Channel::Release => demand.name().to_owned(),
            channel => format!("{} {}", channel.name(), demand.name()),
        })
        .collect();
    asks.join(" · ")
}

pub(super) fn pretty(ended: &Ended) -> String {
    let mut text = String::new();
    if let Ok(compared) = ended {
        let mut files = Excerpts::default();
        if let Some(outcome) = &compared.aperio {
            head(&mut text, compared, outcome, ended);
            let changes = changes(outcome);
            let (breaks, rest): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.breaks);
            for change in &breaks {
                block(&mut text, change, compared, &mut files);
            }
            for change in rest.iter().take(NOTES) {
                block(&mut text, change, compared, &mut files);
            }
            if rest.len() > NOTES {
                let more = rest.len() - NOTES;
                let _ = writeln!(text, " and {more} more; --format terse lists them");
            }
            foot(&mut text, outcome);
        }
        if let Some(findings) = &compared.buf {
            buf_blocks(&mut text, findings, compared);
        }
    }
    end(&mut text, ended);
    text
}

fn end(text: &mut String, ended: &Ended) {
    if trouble(ended).is_some() && ended.is_ok() {
        text.push_str("a version to compare with could not be read\n");
    }
    let style = match exit(ended) {
        Exit::Conforms => GOOD,
        _ => FAIL,
    };
    let _ = writeln!(text, "{}", painted(style, conclusion(ended)));
}

/// What is compared, and what it needs.
fn head(text: &mut String, compared: &Compared, outcome: &Outcome, ended: &Ended) {
    let packages: Vec<String> = compared
        .new
        .packages
        .iter()
        .map(|name| escape(name))
        .collect();
    let packages = match packages.as_slice() {
        [first, rest @ ..] if rest.len() > 2 => format!("{first} and {} more", rest.len()),
        packages => packages.join(", "),
    };
    let bases = compared.bases.iter().rev();
    let bases: Vec<String> = bases.map(|(reference, ..)| escape(reference)).collect();
    let declared = match &compared.declared {
        None => "nothing declared".to_owned(),
        Some(Declared::Version(version)) => format!("declared {version}"),
        Some(Declared::Bump(bump)) => format!("declared {}", bump.name()),
    };
    let required = match &outcome.version {
        Some(version) => format!("{} ({version})", outcome.overall.name()),
        None => outcome.overall.name().to_owned(),
    };
    let word = match exit(ended) {
        Exit::Conforms => painted(GOOD, "PASS"),
        _ => painted(FAIL, "FAIL"),
    };
    let _ = writeln!(
        text,
        "{packages}   {} → {}      {declared}   required {required}   {word}",
        bases.join(", "),
        escape(&compared.new.reference)
    );
}

/// What each channel needs, and who is hurt meanwhile.
fn foot(text: &mut String, outcome: &Outcome) {
    let channels = outcome.channels.iter();
    let channels: Vec<String> = channels
        .map(|(channel, bump)| format!("{} {}", channel.name(), bump.name()))
        .collect();
    let _ = writeln!(text, " bump    {}", channels.join(" · "));
    let cells = outcome.cells.iter().map(|cell| {
        let (host, plugin) = (escape(&cell.host), escape(&cell.plugin));
        format!("host {host} / plugin {plugin}: {}", matrix::seen(cell))
    });
    // The newest base first; of very many bases the rest is in the JSON form.
    let cells: Vec<String> = cells.take(6).collect();
    for (at, pair) in cells.chunks(2).enumerate() {
        let head = if at == 0 { " skew   " } else { "        " };
        let order = if at == 0 {
            format!("      safe order: {}", outcome.order.words())
        } else {
            String::new()
        };
        let _ = writeln!(text, "{head} {}{order}", pair.join(" · "));
    }
}

fn block(text: &mut String, change: &Change<'_>, compared: &Compared, files: &mut Excerpts) {
    let finding = change.finding;
    let word = if change.breaks {
        painted(FAIL, "FAIL")
    } else if finding.waived.is_some() {
        painted(WAIVED, "waiv")
    } else {
        painted(NOTE, "note")
    };
    let (id, title) = (finding.rule.id, finding.rule.title());
    let _ = writeln!(text, " {word} {id}   {title}   {}", asks(change));
    let mut line = String::from("      ");
    if let Some(Place { path, span }) = &finding.place {
        let (row, column) = (span.start_line, span.start_column);
        let _ = write!(line, "{}:{row}:{column}   ", escape(path));
    }
    line.push_str(&escape(&finding.element));
    match (&finding.old, &finding.new) {
        (Some(old), Some(new)) if old != new => {
            let _ = write!(line, "   {} → {}", escape(old), escape(new));
        }
        (Some(gone), None) => {
            let _ = write!(line, "   {}, gone", escape(gone));
        }
        (None, Some(added)) => {
            let _ = write!(line, "   {}", escape(added));
        }
        _ => {}
    }
    let ways = finding.flow.names();
    let ways: Vec<&str> = ways
        .iter()
        .map(|way| match *way {
            "host-to-plugin" => "host → plugin",
            _ => "plugin → host",
        })
        .collect();
    if finding.effects.is_some() && !ways.is_empty() {
        let _ = write!(line, "   {}", ways.join(", "));
    }
    let _ = writeln!(text, "{line}");
    if compared.new.is_working_text && finding.is_text {
        files.show(text, finding);
    }
    let _ = writeln!(text, "      {}", escape(&finding.message));
    if let Some(effects) = finding.effects {
        let _ = writeln!(
            text,
            "      old → new  {}\n      new → old  {}",
            effects.old_to_new.name(),
            effects.new_to_old.name()
        );
    }
    if change.breaks {
        witness(text, change, compared);
    }
    if !finding.also.is_empty() || finding.base > 0 {
        let name = |base: &usize| escape(&compared.bases[*base].0);
        let also: Vec<String> = finding.also.iter().map(name).collect();
        let also = match also.as_slice() {
            [] => String::new(),
            also => format!(", also {}", also.join(", ")),
        };
        let _ = writeln!(text, "      against {}{also}", name(&finding.base));
    }
    if let Some(reason) = &finding.waived {
        let _ = writeln!(text, "      waived: {}", escape(reason));
    } else if change.breaks {
        let _ = writeln!(text, "      fingerprint {}", change.fingerprints.join(", "));
    }
}

/// The message that shows a break, and what becomes of it.
fn witness(text: &mut String, change: &Change<'_>, compared: &Compared) {
    let Some(witness) = &change.witness else {
        return;
    };
    let bytes = match hex(&witness.bytes).as_str() {
        "" => "(no bytes)".to_owned(),
        bytes => shortened(bytes),
    };
    let _ = write!(text, "      witness    {} {bytes}", witness.message);
    if let Some(carried) = &witness.carried {
        let _ = write!(text, "   {} of {}", carried.carrier(), carried.rpc);
    }
    let other = match witness.writer {
        Era::Old => Era::New,
        Era::New => Era::Old,
    };
    let _ = writeln!(
        text,
        "\n      {} means  {}",
        witness.writer.name(),
        shortened(&escape(&witness.json.to_string()))
    );
    for read in &witness.reads {
        let seen = match &read.outcome {
            Reads::Read { json, .. } => json.to_string(),
            Reads::Refused(error) => format!("an error: {error}"),
        };
        let (who, seen) = (other.name(), shortened(&escape(&seen)));
        let _ = writeln!(
            text,
            "      {who} reads  {seen}   ({})",
            read.profile.name()
        );
    }
    if witness.reads.is_empty() {
        let _ = writeln!(text, "      {} answers  UNIMPLEMENTED", other.name());
    }
    let mut files = change.fingerprints.iter();
    if let Some(file) = files.find_map(|fingerprint| compared.witnesses.get(*fingerprint)) {
        let file = escape(&file.display().to_string());
        let _ = writeln!(text, "      written to {file}");
    }
}

/// The beginning of what may be very long.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Files that findings stand in, read once.
#[derive(Default)]
struct Excerpts(HashMap<String, Option<String>>);

impl Excerpts {
    /// The line of a finding, with a caret below it.
    fn show(&mut self, text: &mut String, finding: &Finding) {
        let Some(Place { path, span }) = &finding.place else {
            return;
        };
        let file = self.0.entry(path.clone()).or_insert_with(|| {
            let bytes = file::read(Path::new(path), TEXT).ok()?;
            String::from_utf8(bytes).ok()
        });
        let number = span.start_line as usize;
        let line = file.as_ref().and_then(|file| file.lines().nth(number - 1));
        let Some(line) = line.filter(|line| !line.trim().is_empty()) else {
            return;
        };
        // A declaration that begins at the file's start is no place.
        if span.start_line == span.end_line && span.start_column == span.end_column {
            return;
        }
        let start = line
            .get(..span.start_column as usize - 1)
            .map_or(0, |before| before.chars().count());
        let end = if span.end_line == span.start_line {
            let end = (span.end_column as usize - 1).min(line.len());
            line.get(..end).map_or(start, |part| part.chars().count())
        } else {
            line.trim_end().chars().count()
        };
        let shown: String = line.chars().take(WIDTH).collect();
        if start >= WIDTH {
            return;
        }
        let carets = "^".repeat(end.min(WIDTH).saturating_sub(start).max(1));
        let blanks = " ".repeat(start);
        let empty = " ".repeat(number.to_string().len());
        let _ = writeln!(
            text,
            "        {number} | {}\n        {empty} | {blanks}{}",
            escape(&shown),
            painted(FAIL, &carets)
        );
    }
}

fn buf_blocks(text: &mut String, findings: &[buf::Finding], compared: &Compared) {
    let width = findings.iter().map(|finding| finding.rule.id.len());
    let width = width.max().unwrap_or(0);
    for finding in findings {
        let id = finding.rule.id;
        let _ = writeln!(
            text,
            " {} {id:<width$}  {}\n      {}   {}\n      {}",
            painted(FAIL, "FAIL"),
            finding.rule.title(),
            buf_place(finding),
            escape(&finding.element),
            escape(&finding.message),
        );
    }
    let count = match findings.len() {
        0 => "no findings".to_owned(),
        1 => "1 finding".to_owned(),
        many => format!("{many} findings"),
    };
    let _ = writeln!(
        text,
        "{} → {}   {count} by the rules of buf",
        escape(&compared.bases[0].0),
        escape(&compared.new.reference)
    );
}

fn buf_place(finding: &buf::Finding) -> String {
    match &finding.path {
        None => "no file".to_owned(),
        Some(path) => {
            let span = finding.span;
            format!("{}:{}:{}", escape(path), span.start_line, span.start_column)
        }
    }
}

pub(super) fn terse(ended: &Ended) -> String {
    let mut text = String::new();
    if let Ok(compared) = ended {
        let outcome = compared.aperio.as_ref();
        for change in outcome.map(changes).iter().flatten() {
            let finding = change.finding;
            let place = match &finding.place {
                None => escape(&finding.element),
                Some(Place { path, span }) => {
                    let (row, column) = (span.start_line, span.start_column);
                    format!("{}:{row}:{column}", escape(path))
                }
            };
            let waived = if finding.waived.is_some() {
                ", waived"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "{place}: {} {} ({}{waived})",
                finding.rule.id,
                escape(&finding.message),
                asks(change)
            );
        }
        for finding in compared.buf.iter().flatten() {
            let _ = writeln!(
                text,
                "{}: {} {}",
                buf_place(finding),
                finding.rule.id,
                escape(&finding.message)
            );
        }
    }
    end(&mut text, ended);
    text
}
