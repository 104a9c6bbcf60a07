//! What the rules themselves wrote of the examples in their texts, of the
//! experiments and of the changes of the interface, beside protobuf for
//! Python: each witness alone and as a method carries it, read by both sides.

use super::oracle::{agree, by_ours};
use super::pairs::Files;
use super::tool::{Answers, Oracle, Read, Sets};
use crate::side::Ask;
use crate::{docs, experiments, releases, table};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use compat::effect::Demand;
use compat::load::{Input, Protox, Roots};
use compat::rule::Judge;
use compat::witness::{Outcome, Profile, Witness, hex};
use compat::{Channel, DescriptorSet, Era, annotation, catalog};
use libtest_mimic::Failed;
use serde_json::json as literal;
use std::collections::{BTreeMap, BTreeSet};

/// One change as texts.
struct Change {
    name: String,
    sides: [Files; 2],
}

fn changes() -> Result<Vec<Change>, Failed> {
    let mut changes = Vec::new();
    for rule in catalog::all() {
        if matches!(rule.judge, Judge::Release) {
            continue;
        }
        let example = docs::example(rule);
        for (at, tree) in example.breaks.iter().chain(&example.allowed).enumerate() {
            changes.push(Change {
                name: format!("{} {at}", rule.id),
                sides: [&example.old, tree].map(docs::with_imports),
            });
        }
    }
    for experiment in experiments::experiments()? {
        changes.push(Change {
            sides: experiment.sides().into(),
            name: experiment.change,
        });
    }
    for mutant in table::mutants() {
        let old = releases::release(mutant.base);
        let mut new = old.clone();
        for edit in &mutant.edits {
            edit.make(&mut new);
        }
        changes.push(Change {
            name: mutant.change,
            sides: [old, new],
        });
    }
    Ok(changes)
}

/// Something that both read: the set, the type, the bytes, and whether the
/// rule says that it is refused.
struct Asked {
    name: String,
    side: usize,
    message: String,
    bytes: Vec<u8>,
    refused: Option<bool>,
}

pub(crate) fn all(oracle: &Oracle) -> Result<(), Failed> {
    let changes = changes()?;
    let texts: BTreeSet<&Files> = changes.iter().flat_map(|change| &change.sides).collect();
    let numbers: BTreeMap<&Files, usize> = texts.into_iter().zip(0..).collect();
    let mut talk = oracle.start()?;
    let answer: Sets = talk.ask(&literal!({"sides": numbers.keys().collect::<Vec<_>>()}))?;
    let sets = answer.sets.iter().map(|set| STANDARD.decode(set));
    let sets: Vec<Vec<u8>> = sets.collect::<Result<_, _>>()?;
    let parsed = sets.iter().map(|set| DescriptorSet::parse(set));
    let parsed: Vec<DescriptorSet<'_>> = parsed.collect::<Result<_, _>>()?;

    let mut asked = Vec::new();
    let mut witnesses = 0;
    let mut unshown = BTreeSet::new();
    for change in &changes {
        let sides = [Era::Old, Era::New].map(|era| numbers[&change.sides[era as usize]]);
        for (rule, witness) in found(sides.map(|side| &sets[side])) {
            let Some(witness) = witness else {
                unshown.insert(rule);
                continue;
            };
            witnesses += 1;
            let name = format!("{}: {rule}", change.name);
            asked.extend(readings(&name, &witness, sides, &parsed));
        }
    }
    let read: Vec<_> = asked
        .iter()
        .map(|asked| literal!([asked.side, asked.message, hex(&asked.bytes)]))
        .collect();
    let answers: Answers = talk.ask(&literal!({"read": read, "make": []}))?;
    talk.end()?;

    let mut wrong = Vec::new();
    for (asked, theirs) in asked.iter().zip(&answers.read) {
        let set = &parsed[asked.side];
        let ours = by_ours(set, &asked.message, &asked.bytes)?;
        let is_refused = matches!(theirs, Read::Refused { .. });
        let as_told = asked.refused.is_none_or(|refused| refused == is_refused);
        if !agree(set, &asked.message, &ours, theirs) || !as_told {
            let (name, message, bytes) = (&asked.name, &asked.message, hex(&asked.bytes));
            wrong.push(format!(
                "{name}: {message} {bytes}\n  ours   {ours:?}\n  theirs {theirs:?}"
            ));
        }
    }
    eprintln!(
        "{witnesses} witnesses of {} changes in {} readings; {} disagreements",
        changes.len(),
        asked.len(),
        wrong.len()
    );
    assert_eq!(unshown, BTreeSet::from(UNSHOWN));
    assert!(witnesses > 150 && asked.len() > 4 * witnesses);
    wrong.truncate(10);
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n").into())
    }
}

/// Rules whose breaks no message shows: they are about calls, names, numbers
/// that nobody uses yet, and promises beside the bytes.
const UNSHOWN: [&str; 11] = [
    "EXTENSION_MESSAGE_NO_DELETE",
    "FIELD_NUMBER_NO_REUSE",
    "FIELD_RULE_NOT_TIGHTENED",
    "FIELD_SAME_GATE",
    "RESERVED_MESSAGE_NO_DELETE",
    "RPC_IDEMPOTENCY_NOT_WEAKENED",
    "RPC_REPEATABLE_NO_REMOVE",
    "RPC_SAME_CLIENT_STREAMING",
    "RPC_SAME_GATE",
    "RPC_SAME_SERVER_STREAMING",
    "STABILITY_NOT_LOWERED",
];

/// Every break of running binaries between two sets: its rule, and its witness
/// where it has one.
fn found(sides: [&Vec<u8>; 2]) -> Vec<(&'static str, Option<Witness>)> {
    let [old, new] = sides.map(|bytes| {
        let input = Input::Bytes(bytes.clone());
        input.load(&Roots::default(), &Protox).unwrap()
    });
    let unread = |loaded: &compat::load::Loaded| {
        let set = DescriptorSet::parse(&loaded.bytes).unwrap();
        annotation::check_read(&set).is_err()
    };
    if unread(&old) || unread(&new) {
        // Nothing is judged of a set that only imports the annotations.
        return Vec::new();
    }
    let outcome = Ask::default().of(&[("old", &old)], &new);
    let findings = outcome.findings.into_iter();
    let breaks = findings.filter(|finding| {
        let on_wire = matches!(finding.channel, Channel::Wire | Channel::All);
        on_wire && finding.demand == Demand::Major
    });
    breaks
        .map(|finding| {
            let witness = finding.witness.map(|witness| Witness::clone(&witness));
            (finding.rule.id, witness)
        })
        .collect()
}

/// Who reads what of a witness.
fn readings(
    name: &str,
    witness: &Witness,
    sides: [usize; 2],
    sets: &[DescriptorSet<'_>],
) -> Vec<Asked> {
    let mut all = Vec::new();
    let mut read = |era: Era, message: &str, bytes: &[u8], refused: Option<bool>| {
        let side = sides[era as usize];
        if sets[side].find_message(message).is_some() {
            all.push(Asked {
                name: name.to_owned(),
                side,
                message: message.to_owned(),
                bytes: bytes.to_vec(),
                refused,
            });
        }
    };
    let reader = witness.writer.other();
    let mut spec = witness.reads.iter();
    let spec = spec.find(|read| read.profile == Profile::Spec);
    let refused = spec.map(|read| matches!(read.outcome, Outcome::Refused(_)));
    read(
        witness.writer,
        &witness.message,
        &witness.bytes,
        Some(false),
    );
    read(reader, &witness.message, &witness.bytes, refused);
    if let Some(carried) = &witness.carried {
        for era in [witness.writer, reader] {
            let set = &sets[sides[era as usize]];
            let mut methods = set.methods().iter();
            let same = methods.find(|method| {
                let service = set.service_name(method.service);
                carried.rpc == format!("/{service}/{}", method.name)
            });
            let Some(method) = same else { continue };
            let message = if carried.request {
                method.input
            } else {
                method.output
            };
            let message = set.message_name(message);
            read(era, message, &carried.bytes, None);
            read(era, message, &carried.dressed, None);
        }
    }
    all
}
