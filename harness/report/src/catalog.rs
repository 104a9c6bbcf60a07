//! Projections of the catalogue: `explain` and `spec`.

use serde_json::json;
use std::fmt::Write;
use terms::{Catalog, Observation, Requirement};

/// One requirement, whole, as plain text, and the planted defects (name and
/// text) that break it.
pub fn explain(requirement: &Requirement, defects: &[(&str, &str)]) -> String {
    let mut text = format!(
        "{} · {} · since {}\n{}\n\n{}\n",
        requirement.id,
        requirement.level,
        requirement.since,
        requirement.title(),
        trimmed(requirement.body())
    );
    let how = match requirement.observation {
        Observation::Judged => None,
        Observation::Unobservable(reason) => Some(("not observable", reason)),
        Observation::Elsewhere(reason) => Some(("judged elsewhere", reason)),
    };
    if let Some((word, reason)) = how {
        let _ = writeln!(text, "\n{word}: {reason}");
    }
    if !defects.is_empty() {
        let _ = writeln!(text, "\n## Broken by\n");
        for (name, what) in defects {
            let _ = writeln!(
                text,
                "{name}: {what}\n  aperio-plugin test --exact {} -- aperio-plugin reference-plugin --defect {name}",
                requirement.id
            );
        }
    }
    let _ = writeln!(
        text,
        "\nDeclared in {}:{}",
        requirement.file, requirement.line
    );
    text
}

/// All requirements as one Markdown page.
pub fn spec_markdown(catalog: &Catalog) -> String {
    let mut text = String::from(
        "# Requirements\n\nMade by `aperio-plugin spec`; the text of each stands in the file that judges it.\n",
    );
    let mut area = "";
    for requirement in catalog.iter() {
        if requirement.area() != area {
            area = requirement.area();
            let _ = writeln!(text, "\n## {area}");
        }
        let _ = writeln!(
            text,
            "\n### {} {}\n\n{} · since {}\n\n{}",
            requirement.id,
            requirement.title(),
            requirement.level,
            requirement.since,
            trimmed(requirement.body()).replace("\n## ", "\n#### ")
        );
    }
    text
}

/// All requirements as a JSON array.
pub fn spec_json(catalog: &Catalog) -> String {
    let list: Vec<_> = catalog
        .iter()
        .map(|requirement| {
            json!({
                "id": requirement.id,
                "title": requirement.title(),
                "level": requirement.level,
                "since": requirement.since,
                "text": trimmed(requirement.body()),
            })
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&list).expect("plain values");
    text.push('\n');
    text
}

/// A doc comment without the blank that opens each of its lines.
fn trimmed(text: &str) -> String {
    let lines: Vec<&str> = text
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    lines.join("\n").trim().to_owned()
}
