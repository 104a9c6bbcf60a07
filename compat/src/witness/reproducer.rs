//! The file that takes a witness out of here, to be sent to a real plugin.

use super::{Outcome, Witness};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The version of the format.
pub const SCHEMA: u32 = 1;

/// One witness as a file, `<RULE>-<fingerprint>.json`. Bytes are lower-case
/// hex; they count, the JSON beside them is for the eye.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reproducer {
    /// The version of the format.
    pub schema: u32,
    /// What kind of case it is: `witness`.
    pub kind: String,
    /// The rule whose finding it proves.
    pub rule: String,
    /// The fingerprint of the finding.
    pub fingerprint: String,
    /// The side that writes: `old` or `new`.
    pub writer: String,
    /// The full name of the type that changed, as the writer calls it.
    pub message: String,
    /// That message alone.
    pub bytes: String,
    /// `/package.Service/Method`, where a method carries the message.
    pub rpc: Option<String>,
    /// `request` or `response`.
    pub carrier: Option<String>,
    /// The names of the fields from there to the message.
    pub path: Vec<String>,
    /// The whole request or response.
    pub wrapped: Option<String>,
    /// The same with everything set that annotations require.
    pub dressed: Option<String>,
    /// Fields of the dressed form that a validating receiver may still refuse.
    pub left_out: Vec<String>,
    /// Metadata of the call.
    pub metadata: BTreeMap<String, String>,
    /// What the writer means.
    pub json: Value,
    /// What the other side reads, by profile.
    pub reads: BTreeMap<String, Seen>,
    /// The effect that is predicted.
    pub effect: String,
}

/// What one reader makes of the bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Seen {
    /// The message it reads.
    pub json: Option<Value>,
    /// Why it reads none.
    pub error: Option<String>,
    /// What it keeps as unknown.
    pub unknown: Option<String>,
    /// What that means for the value.
    pub effect: String,
}

impl Reproducer {
    /// The witness of a finding.
    pub fn new(rule: &str, fingerprint: &str, witness: &Witness) -> Self {
        let carried = witness.carried.as_ref();
        let reads = witness.reads.iter().map(|read| {
            let (json, error, unknown) = match &read.outcome {
                Outcome::Read { json, unknown } => (Some(json.clone()), None, Some(hex(unknown))),
                Outcome::Refused(error) => (None, Some(error.to_string()), None),
            };
            let seen = Seen {
                json,
                error,
                unknown,
                effect: read.effect.name().to_owned(),
            };
            (read.profile.name().to_owned(), seen)
        });
        Reproducer {
            schema: SCHEMA,
            kind: "witness".to_owned(),
            rule: rule.to_owned(),
            fingerprint: fingerprint.to_owned(),
            writer: witness.writer.name().to_owned(),
            message: witness.message.clone(),
            bytes: hex(&witness.bytes),
            rpc: carried.map(|carried| carried.rpc.clone()),
            carrier: carried.map(|carried| carried.carrier().to_owned()),
            path: carried.map_or_else(Vec::new, |carried| carried.path.clone()),
            wrapped: carried.map(|carried| hex(&carried.bytes)),
            dressed: carried.map(|carried| hex(&carried.dressed)),
            left_out: carried.map_or_else(Vec::new, |carried| carried.left_out.clone()),
            metadata: BTreeMap::new(),
            json: witness.json.clone(),
            reads: reads.collect(),
            effect: witness.effect.name().to_owned(),
        }
    }

    /// The name of its file.
    pub fn file_name(&self) -> String {
        format!("{}-{}.json", self.rule, self.fingerprint)
    }
}

/// Bytes as lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a text takes everything");
        text
    })
}
