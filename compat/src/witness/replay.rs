//! A reproducer that comes back: what is sent of it, and what readers with
//! some descriptors make of it.
//!
//! The file may be anybody's, so nothing of it is believed that was not looked
//! at. Sending is somebody else's business.

use super::codec::{decode, default, is_list};
use super::reproducer::{Reproducer, SCHEMA, Seen, hex};
use super::tree::Tree;
use super::{Profile, json};
use crate::effect::Effect;
use crate::load::LoadError;
use crate::model::{DescriptorSet, MessageId, Method, Target};
use serde_json::Value;
use std::collections::BTreeMap;

/// The largest file, in bytes.
pub const FILE_BYTES: usize = 16 << 20;
/// Characters of a name.
const NAME: usize = 512;
/// Entries of metadata, and the characters of one.
const METADATA: (usize, usize) = (32, 1024);
/// Names on the way from a method to a message.
const PATH: usize = 128;

/// A call that carries a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The full name of the service.
    pub service: String,
    /// The name of the method.
    pub method: String,
    /// The witness travels in the request, else in the response.
    pub request: bool,
    /// The whole request or response, with what annotations require.
    pub message: Vec<u8>,
}

/// What a reader makes of a witness, beside what was meant and predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// What the writer means.
    Meant,
    /// What was predicted of it, and is not meant.
    Predicted,
    /// Something else.
    Otherwise,
    /// Nothing: it refuses the bytes.
    Refused,
}

/// What one reader makes of a witness.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The message, where it reads one.
    pub json: Option<Value>,
    /// Why it reads none.
    pub error: Option<String>,
    /// What that is like.
    pub like: Likeness,
}

impl Reproducer {
    /// Reads a file. What it holds is bounded, well-formed, and safe to send.
    ///
    /// # Errors
    ///
    /// When it is no reproducer of this format.
    pub fn parse(file: &[u8]) -> Result<Self, LoadError> {
        if file.len() > FILE_BYTES {
            let most = FILE_BYTES >> 20;
            return Err(LoadError::bad(format!("it is larger than {most} MiB")));
        }
        let read: Self = serde_json::from_slice(file).map_err(|error| {
            let at = |place: usize| u32::try_from(place).unwrap_or(0);
            let (line, column) = (at(error.line()), at(error.column()));
            LoadError::bad(format!("it is no reproducer: {error}")).at(line, column)
        })?;
        match read.flaw() {
            None => Ok(read),
            Some(flaw) => Err(LoadError::bad(flaw)),
        }
    }

    /// What is wrong with it, in words.
    fn flaw(&self) -> Option<String> {
        if self.schema != SCHEMA {
            return Some(format!(
                "its schema is {}, and this program knows {SCHEMA}",
                self.schema
            ));
        }
        if self.kind != "witness" {
            return Some("its kind is not `witness`".to_owned());
        }
        let of = |text: &str, plain: fn(char) -> bool| {
            !text.is_empty() && text.len() <= NAME && text.chars().all(plain)
        };
        let upper = |character: char| {
            character.is_ascii_uppercase() || character.is_ascii_digit() || character == '_'
        };
        let name = |character: char| character.is_ascii_alphanumeric() || "._".contains(character);
        let effects = self.reads.values().map(|seen| &seen.effect);
        let numbers = [
            Some(&self.bytes),
            self.wrapped.as_ref(),
            self.dressed.as_ref(),
        ];
        let seen = self.reads.values();
        let unknown = seen.filter_map(|seen| seen.unknown.as_ref());
        let flaws = [
            ("rule", !of(&self.rule, upper)),
            (
                "fingerprint",
                !of(&self.fingerprint, |one| one.is_ascii_hexdigit()),
            ),
            ("writer", !matches!(self.writer.as_str(), "old" | "new")),
            ("message", !of(&self.message, name)),
            (
                "bytes, wrapped, dressed or unknown",
                numbers
                    .into_iter()
                    .flatten()
                    .chain(unknown)
                    .any(|text| unhex(text).is_none()),
            ),
            (
                "rpc",
                self.rpc.as_deref().is_some_and(|path| {
                    let method = method(path);
                    !method.is_some_and(|(service, method)| of(service, name) && of(method, name))
                }),
            ),
            (
                "carrier",
                match self.carrier.as_deref() {
                    None => self.rpc.is_some(),
                    Some(carrier) => {
                        self.rpc.is_none() || !matches!(carrier, "request" | "response")
                    }
                },
            ),
            ("dressed", self.rpc.is_some() != self.dressed.is_some()),
            (
                "path",
                self.path.len() > PATH || self.path.iter().any(|one| one.len() > NAME),
            ),
            ("metadata", !is_plain(&self.metadata)),
            (
                "reads",
                self.reads.len() > Profile::ALL.len()
                    || self.reads.keys().any(|name| named(name).is_none()),
            ),
            (
                "effect",
                effects
                    .chain([&self.effect])
                    .any(|name| Effect::named(name).is_none()),
            ),
        ];
        let (field, _) = flaws.into_iter().find(|(_, flaw)| *flaw)?;
        Some(format!("its field `{field}` is none of a reproducer"))
    }

    /// The call that carries it; `None` where no method does.
    pub fn call(&self) -> Option<Call> {
        let (service, method) = method(self.rpc.as_deref()?)?;
        Some(Call {
            service: service.to_owned(),
            method: method.to_owned(),
            request: self.carrier.as_deref() == Some("request"),
            message: unhex(self.dressed.as_deref()?)?,
        })
    }

    /// It shows that a method is unknown to the other side, and no message.
    pub fn is_call_alone(&self) -> bool {
        self.reads.is_empty()
    }

    /// Every reader is predicted to refuse it.
    pub fn is_refused_by_all(&self) -> bool {
        !self.reads.is_empty() && self.reads.values().all(|seen| seen.error.is_some())
    }

    /// What readers with these descriptors make of the message, profile by
    /// profile. `None` where they have neither the method nor the message.
    pub fn heard(&self, set: &DescriptorSet<'_>) -> Option<BTreeMap<&'static str, Heard>> {
        let message = self.find(set)?;
        let bytes = unhex(&self.bytes)?;
        let profiles = Profile::ALL.into_iter();
        let heard = profiles.map(|profile| {
            let predicted = self.reads.get(profile.name());
            let heard = match decode(set, message, &bytes, profile) {
                Err(error) => Heard {
                    json: None,
                    error: Some(error.to_string()),
                    like: Likeness::Refused,
                },
                Ok(read) => {
                    let like = self.likeness(set, &read, predicted);
                    Heard {
                        json: Some(beside(set, &read, &self.json)),
                        error: None,
                        like,
                    }
                }
            };
            (profile.name(), heard)
        });
        Some(heard.collect())
    }

    fn likeness(&self, set: &DescriptorSet<'_>, read: &Tree, predicted: Option<&Seen>) -> Likeness {
        let is = |expected: &Value| beside(set, read, expected) == *expected;
        if read.unknown.is_empty() && is(&self.json) {
            return Likeness::Meant;
        }
        let unknown = Some(hex(&read.unknown));
        match predicted {
            Some(Seen {
                json: Some(json),
                unknown: kept,
                ..
            }) if is(json) && *kept == unknown => Likeness::Predicted,
            _ => Likeness::Otherwise,
        }
    }

    /// The type of the message: along the way from the method, else by name.
    fn find(&self, set: &DescriptorSet<'_>) -> Option<MessageId> {
        self.along(set).or_else(|| set.find_message(&self.message))
    }

    fn along(&self, set: &DescriptorSet<'_>) -> Option<MessageId> {
        let (service, method) = method(self.rpc.as_deref()?)?;
        let method = find_method(set, service, method)?;
        let mut at = if self.carrier.as_deref() == Some("request") {
            method.input
        } else {
            method.output
        };
        for name in &self.path {
            let mut fields = set.fields_of(&set[at]).iter();
            match fields.find(|field| field.name == *name)?.target {
                Target::Message(inner) => at = inner,
                _ => return None,
            }
        }
        Some(at)
    }
}

/// A method by the names of its service and of itself.
pub fn find_method<'s, 'a>(
    set: &'s DescriptorSet<'a>,
    service: &str,
    method: &str,
) -> Option<&'s Method<'a>> {
    let service = set.find_service(service)?;
    let mut methods = set.methods_of(&set[service]).iter();
    methods.find(|one| one.name == method)
}

/// What was read as JSON; what an expectation names beside it and is not set
/// is said as what it reads as.
fn beside(set: &DescriptorSet<'_>, read: &Tree, expected: &Value) -> Value {
    let mut told = json(set, read);
    let (Value::Object(told_fields), Value::Object(expected)) = (&mut told, expected) else {
        return told;
    };
    for field in set.fields_of(&set[read.message()]) {
        let scalar = !is_list(field) && !field.kind.is_message();
        if scalar && expected.contains_key(field.name) && !told_fields.contains_key(field.name) {
            let value = super::json::one(set, field, &default(set, field));
            told_fields.insert(field.name.to_owned(), value);
        }
    }
    told
}

/// `/package.Service/Method`, in two.
fn method(path: &str) -> Option<(&str, &str)> {
    path.strip_prefix('/')?.split_once('/')
}

fn named(profile: &str) -> Option<Profile> {
    Profile::ALL.into_iter().find(|one| one.name() == profile)
}

/// Metadata that gRPC leaves to the caller, as text.
fn is_plain(metadata: &BTreeMap<String, String>) -> bool {
    let (most, length) = METADATA;
    let is_key = |key: &str| {
        let plain =
            |one: u8| one.is_ascii_lowercase() || one.is_ascii_digit() || b"_.-".contains(&one);
        let reserved = [
            "te",
            "host",
            "connection",
            "content-type",
            "content-length",
            "user-agent",
        ];
        !key.is_empty()
            && key.bytes().all(plain)
            && !key.starts_with("grpc-")
            && !key.ends_with("-bin")
            && !reserved.contains(&key)
    };
    let is_value = |value: &str| value.bytes().all(|one| (0x20..0x7f).contains(&one));
    metadata.len() <= most
        && metadata.iter().all(|(key, value)| {
            key.len() <= length && value.len() <= length && is_key(key) && is_value(value)
        })
}

/// Bytes out of lower-case hex.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let bytes = pairs.iter();
    bytes
        .map(|[high, low]| Some(nibble(*high)? << 4 | nibble(*low)?))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::load::{Input, Protox, Roots};
    use serde_json::json;

    /// What `int64` means and `int32` loses, in a list of a request.
    fn file() -> Value {
        json!({
            "schema": 1, "kind": "witness", "rule": "FIELD_RANGE_COMPATIBLE",
            "fingerprint": "3faeedda", "writer": "old", "message": "p.v1.M",
            "bytes": "088580808010", "rpc": "/p.v1.S/Call", "carrier": "request",
            "path": ["many"], "wrapped": "0a06088580808010", "dressed": "0a06088580808010",
            "left_out": [], "metadata": {"x-trace": "1"}, "json": {"a": "4294967301"},
            "reads": {
                "spec": {"json": {"a": 5}, "error": null, "unknown": "", "effect": "lossy"},
                "prost": {"json": {"a": 5}, "error": null, "unknown": "", "effect": "lossy"},
            },
            "effect": "lossy",
        })
    }

    fn parsed(value: &Value) -> Result<Reproducer, String> {
        let read = Reproducer::parse(value.to_string().as_bytes());
        read.map_err(|error| error.to_string())
    }

    fn likes(reproducer: &Reproducer, messages: &str) -> Option<[Likeness; 2]> {
        let directory = tempfile::tempdir().unwrap();
        let text = format!("syntax = \"proto3\"; package p.v1; {messages}");
        std::fs::write(directory.path().join("a.proto"), text).unwrap();
        let loaded = Input::Path(directory.path().to_owned())
            .load(&Roots::default(), &Protox)
            .unwrap();
        let heard = reproducer.heard(&loaded.set().unwrap())?;
        Some(["prost", "spec"].map(|profile| heard[profile].like))
    }

    #[test]
    fn readers_are_held_against_what_is_meant_and_predicted() {
        use Likeness::{Meant, Otherwise, Predicted, Refused};
        let reproducer = parsed(&file()).unwrap();
        let service = "service S { rpc Call(R) returns (R); } message R { repeated M many = 1; }";
        for (messages, expected) in [
            ("message M { int64 a = 1; }", Some([Meant; 2])),
            ("message M { int32 a = 1; }", Some([Predicted; 2])),
            ("message M { uint64 a = 1; }", Some([Meant; 2])),
            ("message M { bool a = 1; }", Some([Otherwise; 2])),
            ("message M { string a = 1; }", Some([Refused, Otherwise])),
            ("message M {}", Some([Otherwise; 2])),
        ] {
            let seen = likes(&reproducer, &format!("{service} {messages}"));
            assert_eq!(seen, expected, "{messages}");
        }
        // By the way from the method where the type has another name, by its
        // name where the way is another.
        let renamed = "service S { rpc Call(R) returns (R); } message R { repeated N many = 1; } message N { int64 a = 1; }";
        assert_eq!(likes(&reproducer, renamed), Some([Meant; 2]));
        assert_eq!(
            likes(&reproducer, "message M { int64 a = 1; }"),
            Some([Meant; 2])
        );
        assert_eq!(likes(&reproducer, "message Other {}"), None);
    }

    #[test]
    fn unset_fields_read_as_their_defaults() {
        let mut zero = file();
        zero["bytes"] = json!("");
        zero["json"] = json!({"a": "0"});
        zero["reads"] = json!({});
        let reproducer = parsed(&zero).unwrap();
        let seen = likes(&reproducer, "message M { int64 a = 1; }");
        assert_eq!(seen, Some([Likeness::Meant; 2]));
        assert!(reproducer.is_call_alone());
    }

    #[test]
    fn what_is_sent_is_the_dressed_form() {
        let reproducer = parsed(&file()).unwrap();
        assert_eq!(
            reproducer.call(),
            Some(Call {
                service: "p.v1.S".to_owned(),
                method: "Call".to_owned(),
                request: true,
                message: vec![0x0a, 6, 8, 0x85, 0x80, 0x80, 0x80, 0x10],
            })
        );
        let mut bare = file();
        for key in ["rpc", "carrier", "wrapped", "dressed"] {
            bare[key] = Value::Null;
        }
        assert_eq!(parsed(&bare).unwrap().call(), None);
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for (key, value) in [
            ("bytes", json!("0")),
            ("bytes", json!("FF")),
            ("dressed", json!("zz")),
            ("rpc", json!("p.v1.S/Call")),
            ("rpc", json!("/p.v1.S/Call/More")),
            ("rpc", json!("//Call")),
            ("rpc", json!("/p.v1.S/Ca\r\nll")),
            ("rpc", json!(format!("/p/{}", "x".repeat(1000)))),
            ("carrier", Value::Null),
            ("metadata", json!({":path": "/"})),
            ("metadata", json!({"x": "a\nb"})),
            ("metadata", json!({"x-bin": "a"})),
            (
                "reads",
                json!({"odd": {"json": null, "error": null, "unknown": null, "effect": "same"}}),
            ),
            ("effect", json!("LOSSY")),
        ] {
            let mut changed = file();
            changed[key] = value;
            let refusal = parsed(&changed).unwrap_err();
            assert!(refusal.contains(key), "{changed}: {refusal}");
        }
    }
}
