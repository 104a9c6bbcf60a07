//! How each requirement is covered: by a check that defects prove, or not at
//! all and why.

use serde_json::json;
use std::fmt::Write;
use terms::{Observation, Requirement};

/// One requirement and the planted defects that its check catches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The requirement.
    pub requirement: &'static Requirement,
    /// Names of defects.
    pub defects: Vec<&'static str>,
}

impl Coverage {
    fn kind(&self) -> &'static str {
        match self.requirement.observation {
            Observation::Judged if self.defects.is_empty() => "check",
            Observation::Judged => "check and defects",
            Observation::Unobservable(_) => "not observable",
            Observation::Elsewhere(_) => "elsewhere",
        }
    }

    fn how(&self) -> String {
        match self.requirement.observation {
            Observation::Judged if self.defects.is_empty() => {
                "a check, proven by no defect".to_owned()
            }
            Observation::Judged => format!("a check and {}", self.defects.join(", ")),
            Observation::Unobservable(reason) => format!("not observable: {reason}"),
            Observation::Elsewhere(reason) => format!("judged elsewhere: {reason}"),
        }
    }
}

/// The coverage as a Markdown page: the sum, then a line for each requirement.
pub fn coverage_markdown(rows: &[Coverage]) -> String {
    let number = |kind: &str| rows.iter().filter(|row| row.kind() == kind).count();
    let mut text = format!(
        "# Coverage\n\n{} requirements: {} judged by a check that planted defects prove, {} by a check \
         alone, {} not observable, {} judged elsewhere.\n\n| id | level | promise | how |\n| --- | --- | --- | --- |\n",
        rows.len(),
        number("check and defects"),
        number("check"),
        number("not observable"),
        number("elsewhere"),
    );
    for row in rows {
        let requirement = row.requirement;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            requirement.id,
            requirement.level,
            requirement.title(),
            row.how()
        );
    }
    text
}

/// The coverage as a JSON array.
pub fn coverage_json(rows: &[Coverage]) -> String {
    let list: Vec<_> = rows
        .iter()
        .map(|row| {
            let reason = match row.requirement.observation {
                Observation::Judged => None,
                Observation::Unobservable(reason) | Observation::Elsewhere(reason) => Some(reason),
            };
            json!({
                "id": row.requirement.id,
                "level": row.requirement.level,
                "title": row.requirement.title(),
                "covered_by": row.kind(),
                "reason": reason,
                "defects": row.defects,
            })
        })
        .collect();
    let mut text = serde_json::to_string_pretty(&list).expect("plain values");
    text.push('\n');
    text
}
