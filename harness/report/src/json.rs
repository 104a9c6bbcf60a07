//! The report as JSON.

use terms::Report;

/// One object, fields in the order of [`Report`], results sorted by id.
pub fn json(report: &Report) -> String {
    let mut text = serde_json::to_string_pretty(report).expect("a report has string keys only");
    text.push('\n');
    text
}
