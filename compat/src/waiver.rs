//! `waivers.toml`: breaks that somebody has agreed to, one by one and for a
//! time.
//!
//! A waiver holds the fingerprint of one finding, so it dies when the change
//! grows. One that nothing falls under, or whose time is over, fails the run
//! as a break does: the list must not outlive its reasons.

use crate::canon;
use crate::load::{LoadError, file};
use crate::model::{DescriptorSet, ElementId};
use crate::version::{Version, numbers, release};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use time::{Date, Month, OffsetDateTime};
use toml::Spanned;

/// Bytes of the file.
const TEXT: usize = 1 << 20;
/// Hex digits of a fingerprint.
const FINGERPRINT: usize = 8;

/// One entry of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// The fingerprint of the finding. An entry without one would cover
    /// whatever the element does next, so it covers nothing.
    pub fingerprint: Option<String>,
    /// The rule of the finding.
    pub rule: String,
    /// The full name of its element.
    pub element: String,
    /// Why the break hurts nobody.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends.
    pub expires: Expiry,
    /// Who agreed to what nobody waives alone.
    pub approved_by: Option<String>,
    /// The line of the entry, from 1.
    pub line: u32,
}

/// When a waiver ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expiry {
    /// With this version: void as soon as it is declared.
    Version(Version),
    /// With this day, UTC: void from its first hour.
    Day(Date),
}

impl Expiry {
    fn parse(text: &str) -> Option<Self> {
        release(text)
            .map(Expiry::Version)
            .or_else(|| day(text).map(Expiry::Day))
    }

    /// Whether it is over. `reached` is the declared version, or the newest
    /// release where none is declared.
    pub fn is_over(&self, reached: Option<&Version>, today: Date) -> bool {
        match self {
            Expiry::Version(end) => reached.is_some_and(|reached| numbers(reached) >= numbers(end)),
            Expiry::Day(end) => today >= *end,
        }
    }
}

/// `YYYY-MM-DD`.
fn day(text: &str) -> Option<Date> {
    let digits = |at: std::ops::Range<usize>| -> Option<u16> {
        let part = text.get(at)?;
        let plain = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse().ok().filter(|_| plain)
    };
    let dashed = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let month = Month::try_from(u8::try_from(digits(5..7)?).ok()?).ok()?;
    let date = Date::from_calendar_date(
        i32::from(digits(0..4)?),
        month,
        u8::try_from(digits(8..10)?).ok()?,
    );
    date.ok().filter(|_| dashed)
}

/// The day it is, UTC.
pub fn today() -> Date {
    OffsetDateTime::now_utc().date()
}

/// Rules whose findings nobody waives alone.
fn wants_approval(rule: &str) -> bool {
    rule.starts_with("VERSION_")
        || matches!(rule, "RELEASE_LOCK_UNCHANGED" | "FIELD_SENSITIVE_NO_REMOVE")
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    #[serde(default)]
    waiver: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    fingerprint: Option<Spanned<String>>,
    rule: Spanned<String>,
    element: Spanned<String>,
    reason: Spanned<String>,
    owner: Spanned<String>,
    expires: Spanned<String>,
    approved_by: Option<Spanned<String>>,
}

/// The waivers of a file; none where there is no file. `shown` is the path as
/// the user would type it.
pub fn read(path: &Path, shown: &str) -> Result<Vec<Waiver>, LoadError> {
    if !file::is_there(path) {
        return Ok(Vec::new());
    }
    let bytes = file::read(path, TEXT as u64)
        .map_err(|error| LoadError::bad(format!("cannot be read: {error}")).in_file(shown))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| LoadError::bad("the file is no UTF-8").in_file(shown))?;
    parse(&text, shown)
}

/// The waivers of a text.
pub fn parse(text: &str, shown: &str) -> Result<Vec<Waiver>, LoadError> {
    if text.len() > TEXT {
        let message = format!("the file is larger than {TEXT} bytes");
        return Err(LoadError::bad(message).in_file(shown));
    }
    let bad = |message: &str, at: usize| {
        let (line, column) = position(text, at);
        LoadError::bad(message).in_file(shown).at(line, column)
    };
    let read: Text = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        bad(&error.message().replace('\n', " "), at)
    })?;
    let mut waivers: Vec<Waiver> = Vec::with_capacity(read.waiver.len());
    let mut seen = HashSet::new();
    for entry in read.waiver {
        let (line, _) = position(text, entry.span().start);
        let start = entry.span().start;
        let entry = entry.into_inner();
        let told = [&entry.rule, &entry.element, &entry.reason, &entry.owner];
        for said in told.into_iter().chain(&entry.approved_by) {
            if said.get_ref().trim().is_empty() {
                return Err(bad("it says nothing", said.span().start)
                    .hint("a waiver says why, and who answers for it"));
            }
        }
        if let Some(fingerprint) = &entry.fingerprint {
            let at = fingerprint.span().start;
            let hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
            let digits = fingerprint.get_ref();
            if digits.len() != FINGERPRINT || !digits.bytes().all(hex) {
                return Err(bad("a fingerprint is 8 lower-case hex digits", at)
                    .hint("each finding is printed with its own"));
            }
            if !seen.insert(digits.clone()) {
                return Err(bad("this fingerprint is waived twice", at));
            }
        }
        let expires = Expiry::parse(entry.expires.get_ref()).ok_or_else(|| {
            bad(
                "it expires with no version and on no day",
                entry.expires.span().start,
            )
            .hint("a version such as 1.4.0, or a day such as 2027-01-31 (UTC)")
        })?;
        let rule = entry.rule.into_inner();
        if wants_approval(&rule) && entry.approved_by.is_none() {
            let message = format!("a waiver of {rule} needs approved_by");
            return Err(bad(&message, start).hint("name who agreed besides its owner"));
        }
        waivers.push(Waiver {
            fingerprint: entry.fingerprint.map(Spanned::into_inner),
            rule,
            element: entry.element.into_inner(),
            reason: entry.reason.into_inner(),
            owner: entry.owner.into_inner(),
            expires,
            approved_by: entry.approved_by.map(Spanned::into_inner),
            line,
        });
    }
    Ok(waivers)
}

/// Line and column of a byte, from 1.
fn position(text: &str, at: usize) -> (u32, u32) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let lines = before.split(|byte| *byte == b'\n');
    let column = lines.clone().next_back().map_or(0, <[u8]>::len);
    let count = |number: usize| u32::try_from(number).expect("the text is bounded");
    (count(lines.count()), count(column + 1))
}

/// What a waiver may fall on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waivable<'f> {
    /// The fingerprint of the finding.
    pub fingerprint: &'f str,
    /// Its rule.
    pub rule: &'f str,
    /// The full name of its element.
    pub element: &'f str,
}

/// What became of a waiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A finding fell under it.
    Used,
    /// None did.
    Unused,
    /// Its time is over.
    Expired,
    /// It has no fingerprint.
    TooBroad,
}

impl State {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            State::Used => "used",
            State::Unused => "unused",
            State::Expired => "expired",
            State::TooBroad => "too-broad",
        }
    }
}

/// The waivers laid over the findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// For each finding the waiver it falls under, by its place in the list.
    pub waived: Vec<Option<usize>>,
    /// For each waiver what became of it.
    pub states: Vec<State>,
}

/// Lays waivers over findings. Rule and element must be those of the finding:
/// an entry that names others says of whom it was thought, and it is not this
/// one. `reached` is the declared version, or the newest release where none is
/// declared.
pub fn apply(
    waivers: &[Waiver],
    findings: &[Waivable<'_>],
    reached: Option<&Version>,
    today: Date,
) -> Applied {
    let mut by_fingerprint: HashMap<&str, usize> = HashMap::new();
    let mut states = Vec::with_capacity(waivers.len());
    for (at, waiver) in waivers.iter().enumerate() {
        states.push(match &waiver.fingerprint {
            None => State::TooBroad,
            Some(_) if waiver.expires.is_over(reached, today) => State::Expired,
            Some(fingerprint) => {
                by_fingerprint.insert(fingerprint, at);
                State::Unused
            }
        });
    }
    let mut waived = |finding: &Waivable<'_>| {
        let at = *by_fingerprint.get(finding.fingerprint)?;
        let waiver = &waivers[at];
        if (waiver.rule.as_str(), waiver.element.as_str()) != (finding.rule, finding.element) {
            return None;
        }
        states[at] = State::Used;
        Some(at)
    };
    let waived = findings.iter().map(&mut waived).collect();
    Applied { waived, states }
}

/// The fingerprint of a finding: of its rule, its channel, its element, and the
/// shape of the element on both sides (see [`shape`]).
pub fn fingerprint(rule: &str, channel: &str, element: &str, old: &[u8], new: &[u8]) -> String {
    let parts = [
        rule.as_bytes(),
        channel.as_bytes(),
        element.as_bytes(),
        old,
        new,
    ];
    let mut digest = canon::sha256(&parts.join(&0));
    digest.truncate(FINGERPRINT);
    digest
}

/// What a finding is about on one side: the element's descriptor in canonical
/// form, then its features; empty where the element is not there.
pub fn shape(set: &DescriptorSet<'_>, element: Option<ElementId>) -> Result<Vec<u8>, LoadError> {
    let Some(element) = element else {
        return Ok(Vec::new());
    };
    let mut shape = canon::element(set, element)?;
    for word in set.features_of(element).words() {
        shape.push(0);
        shape.extend_from_slice(word.as_bytes());
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Failure, Input, Protox, Roots, Tree};

    const ENTRY: &str = r#"
[[waiver]]
fingerprint = "9b1c04e7"
rule = "FIELD_SAME_JSON_NAME"
element = "p.v1.M.a"
reason = "nobody stores it as JSON"
owner = "interface"
expires = "1.4.0"
"#;

    fn parsed(text: &str) -> Vec<Waiver> {
        parse(text, "w.toml").unwrap()
    }

    fn date(text: &str) -> Date {
        day(text).unwrap()
    }

    #[test]
    fn every_key_is_mandatory_and_no_other_is_known() {
        assert_eq!(parsed(""), []);
        let [waiver] = parsed(ENTRY).try_into().unwrap();
        assert_eq!(waiver.fingerprint.as_deref(), Some("9b1c04e7"));
        assert_eq!((waiver.line, waiver.owner.as_str()), (2, "interface"));
        for key in ["rule", "element", "reason", "owner", "expires"] {
            let lines = ENTRY.lines().filter(|line| !line.starts_with(key));
            let text = lines.collect::<Vec<_>>().join("\n");
            let error = parse(&text, "w.toml").unwrap_err();
            assert!(error.message.contains(&format!("`{key}`")), "{error}");
            assert_eq!(
                (error.failure, error.line),
                (Failure::BadInput, 2),
                "{error}"
            );
        }
        for (from, to, words, line) in [
            ("owner", "ower", "unknown field `ower`", 7),
            ("[[waiver]]", "[[waver]]", "unknown field `waver`", 2),
            ("9b1c04e7", "9B1C04E7", "8 lower-case hex", 3),
            ("9b1c04e7", "9b1c04e", "8 lower-case hex", 3),
            ("\"interface\"", "\" \"", "says nothing", 7),
            ("1.4.0", "1.4", "no version", 8),
            ("1.4.0", "2027-02-30", "no day", 8),
            ("1.4.0", "2027-2-3", "no day", 8),
            ("\"1.4.0\"", "3", "invalid type", 8),
            (
                "FIELD_SAME_JSON_NAME",
                "FIELD_SENSITIVE_NO_REMOVE",
                "approved_by",
                2,
            ),
            (
                "FIELD_SAME_JSON_NAME",
                "RELEASE_LOCK_UNCHANGED",
                "approved_by",
                2,
            ),
            (
                "FIELD_SAME_JSON_NAME",
                "VERSION_DECLARED_SUFFICIENT",
                "approved_by",
                2,
            ),
        ] {
            let error = parse(&ENTRY.replace(from, to), "w.toml").unwrap_err();
            assert!(error.message.contains(words), "{to}: {error}");
            assert_eq!(error.line, line, "{to}: {error}");
        }
        let twice = format!("{ENTRY}{ENTRY}");
        let error = parse(&twice, "w.toml").unwrap_err();
        assert!(error.to_string().starts_with("w.toml:11:"), "{error}");
        let approved = ENTRY.replace("FIELD_SAME_JSON_NAME", "FIELD_SENSITIVE_NO_REMOVE");
        let approved = format!("{approved}approved_by = \"security\"\n");
        assert_eq!(
            parsed(&approved)[0].approved_by.as_deref(),
            Some("security")
        );
        assert!(parse(&"#".repeat(TEXT + 1), "w.toml").is_err());
    }

    #[test]
    fn waivers_end() {
        let day_of_test = date("2026-11-26");
        let over = |expires: &str, reached: &str| {
            let expiry = Expiry::parse(expires).unwrap();
            expiry.is_over(Version::parse(reached).ok().as_ref(), day_of_test)
        };
        assert!(!over("1.4.0", "1.3.9"));
        assert!(over("1.4.0", "1.4.0"));
        assert!(over("1.4.0", "1.4.0-rc.1"));
        assert!(over("1.4.0", "2.0.0"));
        assert!(!over("1.4.0", "nothing declared"));
        assert!(!over("2026-11-27", "9.0.0"));
        assert!(over("2026-11-26", "1.0.0"));
        assert!(over("2020-02-29", ""));
        assert!(day("2021-02-29").is_none() && day("2026/11/26").is_none());
        assert!(today() > date("2024-01-01"));
    }

    #[test]
    fn each_waiver_has_one_end() {
        let named = |fingerprint: &str, expires: &str| {
            let text = ENTRY.replace("9b1c04e7", fingerprint);
            text.replace("1.4.0", expires)
        };
        let broad = ENTRY.replace("fingerprint = \"9b1c04e7\"\n", "");
        let text = [
            named("00000001", "1.4.0"),
            named("00000002", "1.4.0"),
            named("00000003", "1.3.0"),
            broad,
            named("00000005", "1.4.0"),
        ];
        let waivers = parsed(&text.concat());
        let finding = |fingerprint, element| Waivable {
            fingerprint,
            rule: "FIELD_SAME_JSON_NAME",
            element,
        };
        let findings = [
            finding("00000009", "p.v1.M.a"),
            finding("00000001", "p.v1.M.a"),
            finding("00000003", "p.v1.M.a"),
            // Somebody copied the fingerprint and not the name.
            finding("00000005", "p.v1.M.b"),
            finding("00000001", "p.v1.M.a"),
        ];
        let declared = Version::new(1, 3, 0);
        let applied = apply(&waivers, &findings, Some(&declared), date("2026-11-26"));
        assert_eq!(applied.waived, [None, Some(0), None, None, Some(0)]);
        let states = applied.states.iter().map(|state| state.name());
        let states: Vec<&str> = states.collect();
        assert_eq!(states, ["used", "unused", "expired", "too-broad", "unused"]);
    }

    #[test]
    fn a_fingerprint_holds_rule_channel_element_and_both_shapes() {
        let first = fingerprint("R", "wire", "p.M", b"a", b"b");
        assert_eq!(first.len(), FINGERPRINT);
        // SHA-256 of the five parts with a zero byte between two.
        assert_eq!(first, canon::sha256(b"R\0wire\0p.M\0a\0b")[..8]);
        for other in [
            fingerprint("Q", "wire", "p.M", b"a", b"b"),
            fingerprint("R", "json", "p.M", b"a", b"b"),
            fingerprint("R", "wire", "p.N", b"a", b"b"),
            fingerprint("R", "wire", "p.M", b"", b"b"),
            fingerprint("R", "wire", "p.M", b"a", b""),
        ] {
            assert_ne!(first, other);
        }
    }

    fn shape_of_a(text: &str) -> Vec<u8> {
        let files = [("a.proto".to_owned(), text.as_bytes().to_vec())];
        let input = Input::Tree {
            tree: std::rc::Rc::new(Tree::Memory(files.into())),
            path: String::new(),
        };
        let loaded = input.load(&Roots::default(), &Protox).unwrap();
        let set = DescriptorSet::parse(&loaded.bytes).unwrap();
        let field = set.fields().iter().find(|field| field.name == "a").unwrap();
        shape(&set, Some(ElementId::Field(field.id))).unwrap()
    }

    #[test]
    fn a_shape_is_the_elements_own() {
        let plain = shape_of_a("syntax = \"proto3\";\nmessage M { int32 a = 1; }");
        // Neighbours, comments and lines are not part of it.
        let moved = "syntax = \"proto3\";\nmessage N {}\nmessage M {\n // A.\n string b = 2;\n int32 a = 1; }";
        assert_eq!(shape_of_a(moved), plain);
        for other in [
            "syntax = \"proto3\";\nmessage M { int64 a = 1; }",
            "syntax = \"proto3\";\nmessage M { int32 a = 2; }",
            "syntax = \"proto3\";\nmessage M { int32 a = 1 [deprecated = true]; }",
            // The same bytes, and another meaning.
            "syntax = \"proto2\";\nmessage M { optional int32 a = 1; }",
        ] {
            assert_ne!(shape_of_a(other), plain, "{other}");
        }
        let set = DescriptorSet::parse(proto::DESCRIPTORS).unwrap();
        assert!(shape(&set, None).unwrap().is_empty());
        for element in [
            ElementId::File(set.files()[0].id),
            ElementId::Message(set.messages()[0].id),
            ElementId::Oneof(set.oneofs()[0].id),
            ElementId::Enum(set.enums()[0].id),
            ElementId::Value(set.values()[0].id),
            ElementId::Service(set.services()[0].id),
            ElementId::Method(set.methods()[0].id),
        ] {
            assert!(!shape(&set, Some(element)).unwrap().is_empty());
        }
    }
}
