//! One JSON object.

use super::{Compared, Ended, SCHEMA, conclusion, exit, matrix, trouble};
use crate::args::Rulebook;
use compat::aperio::{Finding, Outcome, Place};
use compat::effect::Effects;
use compat::load::LoadError;
use compat::model::Span;
use compat::witness::{Outcome as Read, hex};
use compat::{Declared, buf};
use serde_json::{Map, Value, json};

pub(super) const TOOL: &str = concat!("aperio-plugin ", env!("CARGO_PKG_VERSION"));

pub(super) fn object(rulebook: Rulebook, ended: &Ended) -> Value {
    let compared = ended.as_ref().ok();
    let trouble = trouble(ended);
    // What was found is not the whole truth where a base is missing.
    let judged = compared.filter(|_| trouble.is_none());
    let outcome = judged.and_then(|compared| compared.aperio.as_ref());
    json!({
        "schema": SCHEMA,
        "tool": TOOL,
        "rulebook": match rulebook {
            Rulebook::Aperio => "aperio",
            Rulebook::Buf => "buf",
            Rulebook::All => "all",
        },
        "conclusion": conclusion(ended),
        "exit": exit(ended).code(),
        "error": trouble.map(error),
        "new": compared.map(|compared| json!({
            "ref": compared.new.reference,
            "digest": format!("sha256:{}", compared.new.digest),
            "files": compared.new.files,
        })),
        "bases": compared.map_or_else(Vec::new, |compared| bases(compared, outcome)),
        "declared": compared.and_then(|compared| declared(compared, outcome)),
        "required": outcome.map(required),
        "findings": outcome.zip(compared).map(|(outcome, compared)| {
            let findings = outcome.findings.iter();
            findings.map(|each| finding(each, compared)).collect::<Vec<_>>()
        }),
        "skew": outcome.map(|outcome| json!({
            "order": outcome.order.name(),
            "cells": outcome.cells.iter().map(matrix::short_cell).collect::<Vec<_>>(),
        })),
        "waivers": outcome.zip(compared).map_or_else(Vec::new, |(outcome, compared)| {
            let waivers = compared.waivers.iter().zip(&outcome.waivers);
            waivers.map(|(waiver, state)| json!({
                "fingerprint": waiver.fingerprint,
                "state": state.name(),
            })).collect()
        }),
        "buf": judged.and_then(|compared| compared.buf.as_ref()).map(|findings| json!({
            "findings": findings.iter().map(buf_finding).collect::<Vec<_>>(),
        })),
    })
}

pub(super) fn error(error: &LoadError) -> Value {
    let known = |number: u32| (number > 0).then_some(number);
    json!({
        "message": error.message,
        "path": error.path,
        "line": known(error.line),
        "col": known(error.column),
    })
}

fn bases(compared: &Compared, outcome: Option<&Outcome>) -> Vec<Value> {
    let bases = compared.bases.iter().enumerate();
    bases
        .map(|(at, (reference, version, digest))| {
            json!({
                "ref": reference,
                "version": version.as_ref().map(ToString::to_string),
                "digest": format!("sha256:{digest}"),
                "required": outcome.map(|outcome| outcome.bases[at].name()),
            })
        })
        .collect()
}

fn declared(compared: &Compared, outcome: Option<&Outcome>) -> Option<Value> {
    let declared = compared.declared.as_ref()?;
    let bump = match (declared, outcome) {
        (Declared::Bump(bump), _) => bump.name(),
        (Declared::Version(_), Some(outcome)) => outcome.allowed.name(),
        (Declared::Version(_), None) => return None,
    };
    Some(json!({
        "version": declared.version().map(ToString::to_string),
        "bump": bump,
    }))
}

fn required(outcome: &Outcome) -> Value {
    let channels = outcome.channels.iter();
    let channels: Map<String, Value> = channels
        .map(|(channel, bump)| (channel.name().to_owned(), bump.name().into()))
        .collect();
    json!({
        "overall": outcome.overall.name(),
        "version": outcome.version.as_ref().map(ToString::to_string),
        "channels": channels,
    })
}

fn place(path: &str, span: Span) -> Value {
    json!({
        "path": path,
        "line": span.start_line,
        "col": span.start_column,
        "end_line": span.end_line,
        "end_col": span.end_column,
    })
}

fn finding(finding: &Finding, compared: &Compared) -> Value {
    let name = |base: usize| {
        let (reference, version, _) = &compared.bases[base];
        version
            .as_ref()
            .map_or_else(|| reference.clone(), ToString::to_string)
    };
    let direction = |pick: fn(Effects) -> compat::effect::Effect| {
        finding.effects.map(|effects| pick(effects).name())
    };
    json!({
        "id": finding.rule.id,
        "title": finding.rule.title(),
        "bump": finding.demand.name(),
        "channel": finding.channel.name(),
        "element": finding.element,
        "kind": finding.kind,
        "place": finding.place.as_ref().map(|Place { path, span }| place(path, *span)),
        "old": finding.old,
        "new": finding.new,
        "message": finding.message,
        "flow": finding.flow.names(),
        "effects": {
            "new_to_old": direction(|effects| effects.new_to_old),
            "old_to_new": direction(|effects| effects.old_to_new),
        },
        "witness": witness(finding, compared),
        "base": name(finding.base),
        "also": finding.also.iter().map(|base| name(*base)).collect::<Vec<_>>(),
        "covers": finding.rule.covers,
        "fingerprint": finding.fingerprint,
        "waived": finding.waived,
    })
}

/// The bytes that show a finding, and what the other side reads.
fn witness(finding: &Finding, compared: &Compared) -> Option<Value> {
    let witness = finding.witness.as_ref()?;
    let reads = witness.reads.iter().map(|read| {
        let seen = match &read.outcome {
            Read::Read { json, .. } => json.clone(),
            Read::Refused(error) => Value::String(error.to_string()),
        };
        (read.profile.name().to_owned(), seen)
    });
    let file = compared.witnesses.get(&finding.fingerprint);
    Some(json!({
        "type": witness.message,
        "rpc": witness.carried.as_ref().map(|carried| carried.rpc.as_str()),
        "writer": witness.writer.name(),
        "hex": hex(&witness.bytes),
        "json": witness.json,
        "reads": reads.collect::<Map<String, Value>>(),
        "file": file.map(|file| file.display().to_string()),
    }))
}

fn buf_finding(finding: &buf::Finding) -> Value {
    let categories: Vec<&str> = finding
        .rule
        .buf
        .iter()
        .flat_map(|buf| buf.v2)
        .map(|category| category.id())
        .collect();
    json!({
        "id": finding.rule.id,
        "title": finding.rule.title(),
        "categories": categories,
        "element": finding.element,
        "place": finding.path.as_ref().map(|path| place(path, finding.span)),
        "message": finding.message,
    })
}
