//! What a plugin made of a message.

use super::Served;
use super::files::Case;
use super::sending::Sent;
use compat::DescriptorSet;
use compat::witness::{Call, Heard, Likeness, Profile, decode, find_method, hex, json};
use host::call::{CallEnd, code_name};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tonic::{Code, Status};

/// Bytes of a response that are shown.
const SHOWN: usize = 64 << 10;

/// The verdict in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Word {
    /// It breaks.
    Fail,
    /// It is read as it is meant.
    Pass,
    /// Nobody can see how it is read.
    Unknown,
    /// It does not travel to this plugin.
    Skip,
}

impl Word {
    /// Whether a short text tells it.
    pub(super) fn is_told(self) -> bool {
        matches!(self, Word::Fail | Word::Unknown)
    }
}

/// One message, and what the plugin made of it. The texts hold what strangers
/// wrote; whoever prints them escapes them.
pub(in crate::commands) struct Replayed {
    pub(super) file: String,
    pub(super) rule: String,
    pub(super) fingerprint: String,
    pub(super) writer: String,
    pub(super) rpc: Option<String>,
    pub(super) meant: Value,
    pub(super) predicted: String,
    pub(in crate::commands) word: Word,
    pub(super) why: String,
    pub(super) answer: Option<Answer>,
}

/// What came back, and how the message reads.
pub(super) struct Answer {
    /// Bytes that were sent.
    pub(super) bytes: usize,
    /// How the call ended, in words.
    pub(super) end: String,
    /// The gRPC code, where one came.
    pub(super) code: Option<&'static str>,
    /// Responses, decoded where that can be done.
    pub(super) replies: Vec<Value>,
    /// There were more.
    pub(super) more: bool,
    /// How the message reads, by profile, and by whose descriptors.
    pub(super) heard: Option<(String, BTreeMap<&'static str, Heard>)>,
    pub(super) unattached: Option<String>,
    pub(super) stderr: Vec<String>,
}

impl Replayed {
    fn new(case: &Case, word: Word, why: impl Into<String>, answer: Option<Answer>) -> Self {
        let reproducer = &case.reproducer;
        Replayed {
            file: case.file.clone(),
            rule: reproducer.rule.clone(),
            fingerprint: reproducer.fingerprint.clone(),
            writer: reproducer.writer.clone(),
            rpc: reproducer.rpc.clone(),
            meant: reproducer.json.clone(),
            predicted: reproducer.effect.clone(),
            word,
            why: why.into(),
            answer,
        }
    }

    pub(super) fn skipped(case: &Case, why: &str) -> Self {
        Replayed::new(case, Word::Skip, why, None)
    }

    pub(super) fn unknown(case: &Case, why: impl Into<String>) -> Self {
        Replayed::new(case, Word::Unknown, why, None)
    }
}

/// Judges what came back.
pub(super) fn of(case: &Case, call: &Call, sent: Sent, served: &Served) -> Replayed {
    let descriptors = served.set();
    // A call alone says nothing that could be read.
    let read = descriptors
        .as_ref()
        .filter(|_| !case.reproducer.is_call_alone());
    let heard = read.and_then(|set| case.reproducer.heard(set));
    let (word, why) = judge(case, call, &sent, served, heard.as_ref());
    let code = sent.replies.end.code().map(code_name);
    let answer = Answer {
        bytes: call.message.len(),
        end: match (&sent.replies.end, sent.replies.opened) {
            (CallEnd::Silent(limit), true) => {
                format!("taken on, and open after {} s", limit.as_secs_f32())
            }
            (end, _) => end.to_string(),
        },
        code,
        replies: replies(&sent, call, descriptors.as_ref()),
        more: sent.replies.more,
        heard: heard.map(|heard| (served.by.clone(), heard)),
        unattached: sent.unattached,
        stderr: sent.stderr,
    };
    Replayed::new(case, word, why, Some(answer))
}

fn judge(
    case: &Case,
    call: &Call,
    sent: &Sent,
    served: &Served,
    heard: Option<&BTreeMap<&'static str, Heard>>,
) -> (Word, String) {
    match &sent.replies.end {
        CallEnd::Died(exit) => (Word::Fail, format!("the process ended in the call: {exit}")),
        CallEnd::Broken(text) => (
            Word::Fail,
            format!("the connection broke in the call: {text}"),
        ),
        CallEnd::Silent(limit) if !sent.replies.opened => {
            let limit = limit.as_secs_f32();
            match &sent.control {
                Some(end) if end.replied() => (
                    Word::Fail,
                    format!("no answer within {limit} s, and one to an empty message"),
                ),
                _ => (
                    Word::Unknown,
                    format!("no answer within {limit} s, nor to an empty message"),
                ),
            }
        }
        CallEnd::Refused(status) if status.code() == Code::Unimplemented => {
            unimplemented(case, call, served)
        }
        CallEnd::Refused(status) if is_decoding(status) => {
            (Word::Fail, "the plugin cannot decode it".to_owned())
        }
        CallEnd::Refused(status) if matches!(status.code(), Code::Internal | Code::Unknown) => {
            let code = code_name(status.code());
            match &sent.control {
                // In the middle of a stream its own code has spoken.
                _ if sent.replies.opened && !sent.replies.replies.is_empty() => taken(case, heard),
                Some(end) if end.replied() && end.code() != Some(status.code()) => (
                    Word::Fail,
                    format!("it is answered with {code}, and an empty message is not"),
                ),
                _ => (
                    Word::Unknown,
                    format!("it is answered with {code}, and so is an empty message"),
                ),
            }
        }
        CallEnd::Answer(()) | CallEnd::Refused(_) | CallEnd::Silent(_) | CallEnd::TooLarge(_) => {
            taken(case, heard)
        }
    }
}

fn unimplemented(case: &Case, call: &Call, served: &Served) -> (Word, String) {
    let (service, method) = (&call.service, &call.method);
    match (case.reproducer.is_call_alone(), served.has(service)) {
        (true, Some(true)) => (Word::Fail, format!("{service} has no {method}")),
        (true, _) => (
            Word::Unknown,
            format!("{service}/{method} is not served: it went, or this plugin never had it"),
        ),
        (false, _) => (
            Word::Skip,
            format!("the plugin does not serve {service}/{method}"),
        ),
    }
}

/// The message reached the plugin's own code: how does it read?
fn taken(case: &Case, heard: Option<&BTreeMap<&'static str, Heard>>) -> (Word, String) {
    let reproducer = &case.reproducer;
    if reproducer.is_call_alone() {
        return (Word::Pass, "the method is served".to_owned());
    }
    let Some(heard) = heard else {
        if reproducer.is_refused_by_all() {
            let why = "the plugin takes what every reader was predicted to refuse";
            return (Word::Pass, why.to_owned());
        }
        let why = "the plugin takes it, and does not tell how it reads it";
        return (Word::Unknown, why.to_owned());
    };
    let mut likes = heard
        .iter()
        .map(|(profile, heard)| (*profile, heard.like))
        .filter(|(_, like)| *like != Likeness::Refused);
    let Some((profile, first)) = likes.next() else {
        let why = "the plugin takes what its descriptors do not allow";
        return (Word::Unknown, why.to_owned());
    };
    if likes.any(|(_, like)| like != first) {
        let why = "readers of its descriptors differ, and it does not tell which of them it is";
        return (Word::Unknown, why.to_owned());
    }
    match first {
        Likeness::Meant => (Word::Pass, "it is read as it is meant".to_owned()),
        Likeness::Predicted => {
            let predicted = reproducer.reads.get(profile);
            let effect = predicted.map_or("", |seen| seen.effect.as_str());
            (Word::Fail, format!("it is read as predicted: {effect}"))
        }
        Likeness::Otherwise | Likeness::Refused => (
            Word::Unknown,
            "it is read neither as it is meant nor as predicted".to_owned(),
        ),
    }
}

/// Whether a status is what a library says of bytes that it cannot decode:
/// grpc-go, tonic, grpcio, grpc-js, grpc-java.
pub(super) fn is_decoding(status: &Status) -> bool {
    const SAID: [&str; 6] = [
        "error unmarshalling request",
        "failed to unmarshal the received message",
        "failed to decode protobuf message",
        "exception deserializing request",
        "error deserializing request",
        "invalid protobuf byte sequence",
    ];
    let text: String = status.message().chars().take(400).collect();
    let text = text.to_ascii_lowercase();
    matches!(status.code(), Code::Internal | Code::Unknown)
        && SAID.iter().any(|said| text.contains(said))
}

/// The responses as JSON where their type is known, else their bytes.
fn replies(sent: &Sent, call: &Call, descriptors: Option<&DescriptorSet<'_>>) -> Vec<Value> {
    let known = descriptors.and_then(|set| {
        let method = find_method(set, &call.service, &call.method)?;
        Some((set, method.output))
    });
    let replies = sent.replies.replies.iter();
    replies
        .map(|reply| {
            if reply.len() > SHOWN {
                return json!({ "length": reply.len() });
            }
            let read = known.and_then(|(set, output)| {
                let tree = decode(set, output, reply, Profile::Spec).ok()?;
                Some(json(set, &tree))
            });
            read.unwrap_or_else(|| json!({ "bytes": hex(reply) }))
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use compat::witness::Reproducer;
    use host::call::Replies;
    use std::time::Duration;

    /// A message that `spec` loses and `prost` refuses, or a call alone.
    fn case(alone: bool, refused_by_all: bool) -> Case {
        let refused = json!({"json": null, "error": "no", "unknown": null, "effect": "rejected"});
        let lost = json!({"json": {"a": 5}, "error": null, "unknown": "", "effect": "lossy"});
        let spec = if refused_by_all { &refused } else { &lost };
        let reads = if alone {
            json!({})
        } else {
            json!({"spec": spec, "prost": refused})
        };
        let file = json!({
            "schema": 1, "kind": "witness", "rule": "R", "fingerprint": "00", "writer": "old",
            "message": "p.M", "bytes": "08ff01", "rpc": "/p.S/Call", "carrier": "request",
            "path": [], "wrapped": "08ff01", "dressed": "08ff01", "left_out": [], "metadata": {},
            "json": {"a": 255}, "reads": reads, "effect": "rejected",
        });
        Case {
            file: "R-00.json".to_owned(),
            reproducer: Reproducer::parse(file.to_string().as_bytes()).unwrap(),
        }
    }

    fn sent(end: CallEnd<()>, opened: bool, control: Option<CallEnd<()>>) -> Sent {
        Sent {
            unattached: None,
            replies: Replies {
                replies: Vec::new(),
                opened,
                more: false,
                end,
            },
            control,
            stderr: Vec::new(),
        }
    }

    fn status(code: Code, text: &str) -> CallEnd<()> {
        CallEnd::Refused(Status::new(code, text))
    }

    fn heard(likes: [Likeness; 2]) -> BTreeMap<&'static str, Heard> {
        let heard = likes.map(|like| Heard {
            json: None,
            error: None,
            like,
        });
        ["prost", "spec"].into_iter().zip(heard).collect()
    }

    #[test]
    fn ends_are_told_apart() {
        use Word::{Fail, Pass, Skip, Unknown};
        let silent = || CallEnd::Silent(Duration::from_secs(1));
        let broken = || CallEnd::Broken("gone".to_owned());
        let internal = || status(Code::Internal, "oh");
        let invalid = || status(Code::InvalidArgument, "field");
        let unimplemented = || status(Code::Unimplemented, "");
        let decoding = || status(Code::Internal, "grpc: error unmarshalling request: proto");
        let ok = || CallEnd::Answer(());
        let served = |services: Option<&[&str]>| Served {
            loaded: None,
            by: String::new(),
            services: services.map(|names| names.iter().map(|&name| name.to_owned()).collect()),
        };
        for (number, (alone, services, sent, word)) in [
            (false, None, sent(broken(), false, None), Fail),
            // What hangs of one message alone hangs of that message.
            (false, None, sent(silent(), false, Some(invalid())), Fail),
            (false, None, sent(silent(), false, Some(silent())), Unknown),
            (true, None, sent(silent(), true, None), Pass),
            (false, None, sent(decoding(), false, None), Fail),
            (false, None, sent(internal(), false, Some(invalid())), Fail),
            (false, None, sent(internal(), false, Some(ok())), Fail),
            (
                false,
                None,
                sent(internal(), false, Some(internal())),
                Unknown,
            ),
            (
                false,
                None,
                sent(internal(), false, Some(broken())),
                Unknown,
            ),
            // It is decoded, and nobody tells what is read.
            (false, None, sent(invalid(), false, None), Unknown),
            (false, None, sent(ok(), true, None), Unknown),
            (true, None, sent(ok(), true, None), Pass),
            (true, None, sent(invalid(), false, None), Pass),
            (
                true,
                Some(&["p.S"][..]),
                sent(unimplemented(), false, None),
                Fail,
            ),
            (true, Some(&[]), sent(unimplemented(), false, None), Unknown),
            (true, None, sent(unimplemented(), false, None), Unknown),
            (false, Some(&[]), sent(unimplemented(), false, None), Skip),
        ]
        .into_iter()
        .enumerate()
        {
            let case = case(alone, false);
            let call = case.reproducer.call().unwrap();
            let (judged, why) = judge(&case, &call, &sent, &served(services), None);
            assert_eq!(judged, word, "{number}: {why}");
        }
    }

    #[test]
    fn what_is_taken_is_judged_by_how_it_reads() {
        use Likeness::{Meant, Otherwise, Predicted, Refused};
        for (likes, word) in [
            ([Meant, Meant], Word::Pass),
            ([Refused, Meant], Word::Pass),
            ([Refused, Predicted], Word::Fail),
            ([Predicted, Predicted], Word::Fail),
            ([Meant, Predicted], Word::Unknown),
            ([Otherwise, Otherwise], Word::Unknown),
            ([Refused, Refused], Word::Unknown),
        ] {
            let (judged, why) = taken(&case(false, false), Some(&heard(likes)));
            assert_eq!(judged, word, "{likes:?}: {why}");
        }
        let (_, why) = taken(&case(false, false), Some(&heard([Refused, Predicted])));
        assert_eq!(why, "it is read as predicted: lossy");
        // Every reader was predicted to refuse it, and this one does not.
        assert_eq!(taken(&case(false, true), None).0, Word::Pass);
    }
}
