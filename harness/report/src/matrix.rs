//! The matrix of planted defects and the requirements that catch them.

use std::fmt::Write;

/// One planted defect and what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixRow {
    /// Its name.
    pub defect: String,
    /// What it does.
    pub text: String,
    /// The ids that must catch it.
    pub caught_by: Vec<String>,
    /// Further ids that fail with it.
    pub also: Vec<String>,
    /// Whether it shows in some starts only; then `also` is an upper bound.
    pub by_chance: bool,
    /// The ids that failed.
    pub failed: Vec<String>,
}

impl MatrixRow {
    /// Whether exactly the declared ids failed; of a defect of chance, its own
    /// and none beyond the declared.
    pub fn holds(&self) -> bool {
        if self.by_chance {
            let declared = |id: &String| self.caught_by.contains(id) || self.also.contains(id);
            return self.caught_by.iter().all(|id| self.failed.contains(id))
                && self.failed.iter().all(declared);
        }
        let mut declared: Vec<&String> = self.caught_by.iter().chain(&self.also).collect();
        declared.sort();
        let mut failed: Vec<&String> = self.failed.iter().collect();
        failed.sort();
        declared == failed
    }
}

/// The matrix as a Markdown table, in the order given.
pub fn matrix_markdown(rows: &[MatrixRow]) -> String {
    let mut text = String::from(
        "# Planted defects\n\nWhat `aperio-plugin self-test` prints: each fault of the reference plugin, and the\nrequirements that fail because of it.\n\n| defect | the plugin | caught by | with it fail | as declared |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let verdict = if row.holds() {
            "yes".to_owned()
        } else {
            format!("**no**: {}", row.failed.join(", "))
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {verdict} |",
            row.defect,
            row.text,
            row.caught_by.join(", "),
            row.also.join(", ")
        );
    }
    text
}
