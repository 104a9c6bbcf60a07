//! Hosts against plugins, as a table and as JSON.

use super::{SCHEMA, failed, json};
use compat::effect::Effect;
use compat::load::LoadError;
use compat::matrix::{Cell, Order};
use serde_json::{Value, json};
use std::fmt::Write;

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
    let width = |pick: fn(&Cell) -> &str| {
        let widths = cells
            .iter()
            .map(|cell| report::escape(pick(cell)).chars().count());
        widths.max().unwrap_or(0)
    };
    let (hosts, plugins) = (width(|cell| &cell.host), width(|cell| &cell.plugin));
    let mut text = String::new();
    for cell in cells {
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
    let _ = writeln!(text, "safe order of upgrade: {}", order.words());
    text
}
