//! Log lines on stderr, read as go-plugin's host reads them, and every way in
//! which one departs from what that host understands.
//!
//! A line is hclog's JSON object, or text behind a level in brackets, or raw
//! text that the host shows at debug. Reading never fails: a plugin may write
//! anything, and the host that panics over it is another one.

use crate::capture::OutputLine;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How a host takes a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// A JSON object.
    Structured {
        /// Whether it carries a time.
        timed: bool,
    },
    /// Text behind `[TRACE]`, `[DEBUG]`, `[INFO]`, `[WARN]` or `[ERROR]`.
    Levelled,
    /// Any other text, also JSON that is no object.
    Plain,
    /// A blank line, or one that goes on with the text of the line before.
    Continued,
    /// Longer than a host's buffer: taken in pieces, as raw text.
    Oversized,
}

/// The ways a line departs from what a host understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Departure {
    /// `@message`, `@level` or `@timestamp` is no string.
    NotString,
    /// `@timestamp` is no time with six fractional digits and a zone.
    Timestamp,
    /// `@level` is missing, or none that hclog knows.
    UnknownLevel,
    /// `@message` is missing.
    NoMessage,
    /// Plain text without a level.
    NoLevel,
    /// At least 64 KiB.
    TooLong,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A control character: it moves the cursor, colours, or ends the text.
    Control,
    /// Text that begins as Go's last words do.
    CrashText,
}

/// One departure, with what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// Its kind.
    pub kind: Departure,
    /// What is wrong, and what a go-plugin host makes of it.
    pub text: String,
    /// What was written, cut.
    pub seen: String,
}

/// What a host makes of one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// How the line is taken.
    pub form: Form,
    /// Every departure.
    pub lints: Vec<Lint>,
}

impl Reading {
    fn of(form: Form) -> Self {
        Reading {
            form,
            lints: Vec::new(),
        }
    }

    fn add(&mut self, kind: Departure, seen: &str, text: impl Into<String>) {
        self.lints.push(Lint {
            kind,
            text: text.into(),
            seen: seen.chars().take(SHOWN).collect(),
        });
    }
}

/// The buffer of a host's reader: a line and its newline fit, or are cut.
pub const BUFFER: u64 = 64 << 10;
/// Characters of a line that are shown.
const SHOWN: usize = 120;
/// The levels hclog knows; it reads them in any case.
const LEVELS: [&str; 5] = ["trace", "debug", "info", "warn", "error"];
/// What a host takes for the level of a text.
const PREFIXES: [&str; 5] = ["[TRACE]", "[DEBUG]", "[INFO]", "[WARN]", "[ERROR]"];
/// What turns every later line without a level into an error.
const LAST_WORDS: [&str; 2] = ["panic: ", "fatal error: "];

/// Reads one line of stderr.
pub fn read(line: &OutputLine) -> Reading {
    // Go's reader drops a carriage return together with the newline.
    let bytes = line.bytes.strip_suffix(b"\r").unwrap_or(&line.bytes);
    let text = String::from_utf8_lossy(bytes);
    let mut reading = if line.length >= BUFFER {
        let mut reading = Reading::of(Form::Oversized);
        let length = line.length;
        let what = format!("a line of {length} bytes; a go-plugin host cuts it and reads no piece");
        reading.add(Departure::TooLong, &text, what);
        reading
    } else {
        match serde_json::from_str::<BTreeMap<String, &RawValue>>(&text) {
            Ok(entry) => structured(&entry, &text),
            Err(_) => plain(&text),
        }
    };
    // A cut line may end within a character.
    if line.length == line.bytes.len() as u64 && std::str::from_utf8(bytes).is_err() {
        let what = "the line holds bytes that are not UTF-8";
        reading.add(Departure::NotUtf8, &text, what);
    }
    if let Some(found) = text.chars().find(|c| c.is_control() && *c != '\t') {
        reading.add(Departure::Control, &text, control(found));
    }
    reading
}

fn control(found: char) -> String {
    let name = match found {
        '\u{1b}' => "an escape sequence".to_owned(),
        other => format!("the control character U+{:04X}", u32::from(other)),
    };
    format!("the text holds {name}; whoever prints the host's log obeys it")
}

fn structured(entry: &BTreeMap<String, &RawValue>, line: &str) -> Reading {
    let mut reading = Reading::of(Form::Structured {
        timed: entry.contains_key("@timestamp"),
    });
    let mut field = |name: &str| -> Option<Option<String>> {
        let raw = entry.get(name)?.get();
        let text = serde_json::from_str::<String>(raw).ok();
        // A string that does not decode (half a surrogate pair) is still one.
        if text.is_none() && !raw.starts_with('"') {
            let what = format!("{name} of a log line is no string; a go-plugin host panics");
            reading.add(Departure::NotString, raw, what);
        }
        Some(text)
    };
    let (message, level, timestamp) = (field("@message"), field("@level"), field("@timestamp"));
    match message {
        None => {
            let what = "a JSON log line without @message; a go-plugin host shows no text";
            reading.add(Departure::NoMessage, line, what);
        }
        Some(Some(message)) => {
            // Lines within a message are told apart by whoever prints it.
            let harmless = ['\t', '\n', '\r'];
            if let Some(found) = message
                .chars()
                .find(|c| c.is_control() && !harmless.contains(c))
            {
                reading.add(Departure::Control, line, control(found));
            }
        }
        Some(None) => {}
    }
    match level {
        None => {
            let what = "a JSON log line without @level; a go-plugin host shows it raw, at debug";
            reading.add(Departure::UnknownLevel, line, what);
        }
        Some(Some(level)) if !LEVELS.contains(&level.trim().to_lowercase().as_str()) => {
            let what = "a level hclog does not know; a go-plugin host shows the line raw, at debug";
            reading.add(Departure::UnknownLevel, &level, what);
        }
        Some(_) => {}
    }
    if let Some(Some(timestamp)) = timestamp
        && !is_hclog_time(&timestamp)
    {
        let what =
            "a time that is not of hclog's form; a go-plugin host shows the line raw, at debug";
        reading.add(Departure::Timestamp, &timestamp, what);
    }
    reading
}

/// Whether this is `2006-01-02T15:04:05.000000Z07:00` to Go: six fractional
/// digits, then `Z` or an offset.
fn is_hclog_time(text: &str) -> bool {
    let Some((seconds, fraction)) = text.split_once('.') else {
        return false;
    };
    let Some((digits, zone)) = fraction.split_at_checked(6) else {
        return false;
    };
    // RFC 3339 also knows a blank for the T, and seconds of 60; Go does not.
    seconds.len() == "2006-01-02T15:04:05".len()
        && seconds.as_bytes()[10] == b'T'
        && !seconds.ends_with(":60")
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (zone == "Z" || zone.starts_with(['+', '-']))
        && OffsetDateTime::parse(text, &Rfc3339).is_ok()
}

fn plain(line: &str) -> Reading {
    if PREFIXES.iter().any(|prefix| line.starts_with(prefix)) {
        return Reading::of(Form::Levelled);
    }
    if line.trim().is_empty() || line.starts_with([' ', '\t']) {
        return Reading::of(Form::Continued);
    }
    let mut reading = Reading::of(Form::Plain);
    let what = "text without a level; a go-plugin host shows it at debug";
    reading.add(Departure::NoLevel, line, what);
    if LAST_WORDS.iter().any(|words| line.starts_with(words)) {
        let what = "text that begins like a crash; a go-plugin host shows all later ones as errors";
        reading.add(Departure::CrashText, line, what);
    }
    reading
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn line(bytes: &[u8]) -> OutputLine {
        OutputLine {
            number: 1,
            at: Duration::ZERO,
            bytes: bytes.to_vec(),
            length: bytes.len() as u64,
            newline: true,
        }
    }

    fn kinds(text: &[u8]) -> Vec<Departure> {
        let lints = read(&line(text)).lints;
        lints.into_iter().map(|lint| lint.kind).collect()
    }

    fn entry(time: &str) -> String {
        format!(r#"{{"@level":"info","@message":"m","@timestamp":"{time}"}}"#)
    }

    #[test]
    fn each_departure_is_told_from_the_others() {
        use Departure as D;
        for (text, expected) in [
            (&br#"{"@level":"info","@message":"m"}"#[..], vec![]),
            (
                br#"{"@level":" WARN","@message":"m","k":{"a":[1]}}"#,
                vec![],
            ),
            (b"[INFO] text", vec![]),
            (b"[DEBUG]text\r", vec![]),
            (b"", vec![]),
            (b"\tat frame 7", vec![]),
            (br#"{"@level":"info","@message":7}"#, vec![D::NotString]),
            (br#"{"@level":["info"],"@message":"m"}"#, vec![D::NotString]),
            (
                br#"{"@level":"info","@message":"m","@timestamp":1700000000}"#,
                vec![D::NotString],
            ),
            // Half a surrogate pair is a string to Go.
            (br#"{"@level":"info","@message":"\ud800"}"#, vec![]),
            (
                br#"{"@level":"notice","@message":"m"}"#,
                vec![D::UnknownLevel],
            ),
            (br#"{"@message":"m"}"#, vec![D::UnknownLevel]),
            (br#"{"@level":"info"}"#, vec![D::NoMessage]),
            (b"text", vec![D::NoLevel]),
            (b"INFO text", vec![D::NoLevel]),
            (b"[1, 2]", vec![D::NoLevel]),
            (b"7", vec![D::NoLevel]),
            (b"{\"@level\": \"info\"", vec![D::NoLevel]),
            (b"[INFO] \xff", vec![D::NotUtf8]),
            (b"[INFO] \x1b[31mred", vec![D::Control]),
            (b"[INFO] \0", vec![D::Control]),
            (
                br#"{"@level":"info","@message":"a\u001b[31mb"}"#,
                vec![D::Control],
            ),
            (br#"{"@level":"info","@message":"a\n\tb"}"#, vec![]),
            (b"panic: no", vec![D::NoLevel, D::CrashText]),
            (b"fatal error: no", vec![D::NoLevel, D::CrashText]),
            (b"[ERROR] panic: no", vec![]),
        ] {
            assert_eq!(kinds(text), expected, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn times_have_six_fractional_digits_and_a_zone() {
        for time in [
            "2026-11-26T03:04:05.000001Z",
            "2024-02-29T23:59:59.999999+05:30",
            "2026-11-26T03:04:05.120000-11:00",
        ] {
            assert_eq!(kinds(entry(time).as_bytes()), [], "{time}");
        }
        for time in [
            "2026-11-26T03:04:05Z",
            "2026-11-26T03:04:05.123Z",
            "2026-11-26T03:04:05.1234567Z",
            "2026-11-26T03:04:05.123456",
            "2026-11-26T03:04:05.123456+0100",
            "2026-11-26 03:04:05.123456Z",
            "2026-11-26t03:04:05.123456Z",
            "2016-12-31T23:59:60.000000Z",
            "2026-02-29T03:04:05.123456Z",
            "2026-11-26T24:04:05.123456Z",
            "2026-11-26T03:04:05.12345öZ",
            "",
        ] {
            let kinds = kinds(entry(time).as_bytes());
            assert_eq!(kinds, [Departure::Timestamp], "{time}");
        }
    }

    #[test]
    fn nesting_hides_nothing() {
        let deep = format!(
            r#"{{"k":{}1{},"@level":"info","@message":7}}"#,
            "[".repeat(20_000),
            "]".repeat(20_000)
        );
        assert_eq!(kinds(deep.as_bytes()), [Departure::NotString]);
    }

    #[test]
    fn the_buffer_holds_a_line_and_its_newline() {
        let of = |length: usize| {
            let bytes = [b"[INFO] ".to_vec(), vec![b'x'; length - 7]].concat();
            read(&line(&bytes))
        };
        assert_eq!(of(65_535).form, Form::Levelled);
        let long = of(65_536);
        assert_eq!(long.form, Form::Oversized);
        assert_eq!(long.lints.len(), 1);
        assert_eq!(long.lints[0].kind, Departure::TooLong);
    }

    proptest! {
        #[test]
        fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200), longer in any::<u64>()) {
            let mut line = line(&bytes);
            let _ = read(&line);
            line.length = line.length.saturating_add(longer);
            let _ = read(&line);
        }

        #[test]
        fn json_of_any_shape_never_panics(text in r#"\{("@(message|level|timestamp)":("[^"]{0,30}"|-?[0-9]{1,3}|null|\[\]|\{\}),?){0,4}\}"#) {
            let _ = read(&line(text.as_bytes()));
        }

        #[test]
        fn a_line_of_hclog_has_no_lint(
            level in prop::sample::select(LEVELS.to_vec()),
            message in "[^\\p{Cc}]{0,60}",
            value in any::<f32>(),
            seconds in 0_i64..4_000_000_000,
            micros in 0_u32..1_000_000,
            offset in -14_i8..=14,
        ) {
            let zone = time::UtcOffset::from_hms(offset, 0, 0).unwrap();
            let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap().to_offset(zone);
            let (date, clock) = (at.date(), at.time());
            let zone = if offset == 0 { "Z".to_owned() } else { format!("{offset:+03}:00") };
            let stamp = format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{micros:06}{zone}",
                date.year(), u8::from(date.month()), date.day(), clock.hour(), clock.minute(), clock.second(),
            );
            let entry = serde_json::json!({
                "@level": level, "@message": message, "@timestamp": stamp, "@module": "m", "value": value,
            });
            let reading = read(&line(entry.to_string().as_bytes()));
            prop_assert_eq!(reading.lints, vec![]);
        }
    }
}
