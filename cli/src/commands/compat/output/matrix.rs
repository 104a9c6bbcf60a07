//! Hosts against plugins, as a table and as JSON.

use super::super::skew::{Met, Row};
use super::{SCHEMA, failed, json};
use crate::commands::replay;
use compat::aperio::Finding;
use compat::effect::Effect;
use compat::load::LoadError;
use compat::matrix::{Cell, Order};
use serde_json::{Value, json};
use std::fmt::Write;
use terms::Exit;

/// Names of one cell that the text shows.
const NAMES: usize = 8;

/// A cell without what is out of reach.
pub(super) fn short_cell(cell: &Cell) -> Value {
    json!({
        "host": cell.host,
        "plugin": cell.plugin,
        "class": cell.class.name(),
        "effective": cell.effective,
        "worst": cell.worst.name(),
        "findings": cell.findings,
    })
}

/// What a cell sees, in words.
pub(super) fn seen(cell: &Cell) -> String {
    match (cell.worst, cell.elements) {
        (Effect::Same, _) => "ok".to_owned(),
        (worst, 1) => format!("{} in 1 element", worst.name()),
        (worst, many) => format!("{} in {many} elements", worst.name()),
    }
}

type Made = Result<(Vec<Cell>, Order), LoadError>;

pub(in crate::commands::compat) fn json(made: &Made) -> String {
    let error = made.as_ref().err();
    let cells = made.as_ref().ok().map(|(cells, _)| {
        let cells = cells.iter().map(|cell| {
            let mut value = short_cell(cell);
            value["out_of_reach"] = cell.out_of_reach.clone().into();
            value
        });
        cells.collect::<Vec<_>>()
    });
    let conclusion = error.map_or("COMPATIBLE", |error| failed(error.failure));
    let value = json!({
        "schema": SCHEMA,
        "tool": json::TOOL,
        "conclusion": conclusion,
        "exit": error.map_or(0, |error| error.failure.exit().code()),
        "error": error.map(json::error),
        "skew": made.as_ref().ok().map(|(_, order)| json!({
            "order": order.name(),
            "cells": cells,
        })),
    });
    format!("{value:#}\n")
}

/// A line for each cell, what is out of reach below it, the order at the end.
pub(in crate::commands::compat) fn text(cells: &[Cell], order: Order) -> String {
    let widths = widths(cells);
    let mut text = String::new();
    for cell in cells {
        row(&mut text, cell, widths);
    }
    let _ = writeln!(text, "safe order of upgrade: {}", order.words());
    text
}

/// The longest names of hosts and of plugins.
fn widths<'c>(cells: impl IntoIterator<Item = &'c Cell>) -> [usize; 2] {
    let length = |name: &str| report::escape(name).chars().count();
    cells.into_iter().fold([0, 0], |[hosts, plugins], cell| {
        [
            hosts.max(length(&cell.host)),
            plugins.max(length(&cell.plugin)),
        ]
    })
}

fn row(text: &mut String, cell: &Cell, [hosts, plugins]: [usize; 2]) {
    let (host, plugin) = (report::escape(&cell.host), report::escape(&cell.plugin));
    let speaks = match &cell.effective {
        Some(effective) => format!("speaks {effective}"),
        None => String::new(),
    };
    let _ = writeln!(
        text,
        "host {host:<hosts$}  plugin {plugin:<plugins$}  {:<5}  {speaks:<11}  {}",
        cell.class.name(),
        seen(cell)
    );
    for name in cell.out_of_reach.iter().take(NAMES) {
        let _ = writeln!(text, "      out of reach {}", report::escape(name));
    }
    if cell.out_of_reach.len() > NAMES {
        let more = cell.out_of_reach.len() - NAMES;
        let _ = writeln!(text, "      and {more} more");
    }
}

/// What a plugin says, what it serves, and a row for each host.
pub(in crate::commands::compat) fn met_text(met: &Met) -> String {
    let mut text = String::new();
    let escape = report::escape;
    let mut head = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<7} {value}");
    };
    head("plugin", &escape(&met.path));
    if let Some(name) = &met.name {
        head("", &escape(name));
    }
    if let Some(says) = &met.says {
        let digest = match &met.digest_of {
            Some(version) => format!(", by the digest of {version}"),
            None => String::new(),
        };
        head("says", &format!("built for {says}{digest}"));
    }
    let services: Vec<String> = met.services.iter().map(|name| escape(name)).collect();
    head("serves", &services.join(", "));
    let serves: Vec<String> = met.serves.iter().map(|name| escape(name)).collect();
    head(
        "",
        &match serves.as_slice() {
            [] => "in descriptors of its own".to_owned(),
            serves => format!("in the descriptors of {}", serves.join(" and ")),
        },
    );
    let widths = widths(met.rows.iter().map(|row| &row.cell));
    for met in &met.rows {
        row(&mut text, &met.cell, widths);
        differences(&mut text, met);
        for replayed in &met.replayed {
            text.push_str(&replay::line(replayed));
        }
    }
    if let Some(lie) = &met.lie {
        let _ = writeln!(text, "{}", escape(lie));
    }
    let _ = writeln!(text, "{}", met_conclusion(met.exit()));
    text
}

/// What hurts.
fn differences(text: &mut String, met: &Row) {
    let Some(quadrant) = met.cell.quadrant else {
        return;
    };
    let hurts = |finding: &&Finding| {
        finding.flow.seen(finding.held, quadrant) >= Effect::Lossy
            && met.cell.findings.contains(&finding.fingerprint)
    };
    let findings: Vec<&Finding> = met.findings.iter().filter(hurts).collect();
    for finding in findings.iter().take(NAMES) {
        let _ = writeln!(
            text,
            "      {} {}",
            finding.rule.id,
            report::escape(&finding.message)
        );
    }
    if findings.len() > NAMES {
        let _ = writeln!(text, "      and {} more", findings.len() - NAMES);
    }
}

fn met_conclusion(exit: Exit) -> &'static str {
    match exit {
        Exit::Conforms => "COMPATIBLE",
        _ => "NOT COMPATIBLE",
    }
}

/// The same as one object.
pub(in crate::commands::compat) fn met_json(met: &Result<Met, LoadError>) -> String {
    let error = met.as_ref().err();
    let conclusion = match met {
        Ok(met) => met_conclusion(met.exit()),
        Err(error) => failed(error.failure),
    };
    let exit = match met {
        Ok(met) => met.exit(),
        Err(error) => error.failure.exit(),
    };
    let met = met.as_ref().ok();
    let value = json!({
        "schema": SCHEMA,
        "tool": json::TOOL,
        "conclusion": conclusion,
        "exit": exit.code(),
        "error": error.map(json::error),
        "plugin": met.map(|met| json!({
            "path": met.path,
            "name": met.name,
            "says": met.says,
            "digest_of": met.digest_of,
            "services": met.services,
            "serves": met.serves,
            "lie": met.lie,
        })),
        "skew": met.map(|met| json!({
            "order": null,
            "cells": met.rows.iter().map(met_cell).collect::<Vec<_>>(),
        })),
    });
    format!("{value:#}\n")
}

fn met_cell(row: &Row) -> Value {
    let mut value = short_cell(&row.cell);
    value["out_of_reach"] = row.cell.out_of_reach.clone().into();
    let differences = row.findings.iter().map(|finding| {
        json!({
            "id": finding.rule.id,
            "bump": finding.demand.name(),
            "element": finding.element,
            "message": finding.message,
            "effects": finding.effects.map(|effects| json!({
                "new_to_old": effects.new_to_old.name(),
                "old_to_new": effects.old_to_new.name(),
            })),
            "fingerprint": finding.fingerprint,
        })
    });
    value["differences"] = differences.collect();
    value["replayed"] = row.replayed.iter().map(replay::object).collect();
    value
}
