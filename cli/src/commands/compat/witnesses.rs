//! Witnesses as files, to be sent to a plugin.

use crate::whole;
use compat::aperio::Outcome;
use compat::witness::Reproducer;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// Writes a file for each finding that bytes prove, each whole or not at all.
/// The paths, by fingerprint.
pub(super) fn write(outcome: &Outcome, dir: &Path) -> io::Result<HashMap<String, PathBuf>> {
    std::fs::create_dir_all(dir)?;
    let mut written = HashMap::new();
    for finding in &outcome.findings {
        let Some(witness) = &finding.witness else {
            continue;
        };
        let reproducer = Reproducer::new(finding.rule.id, &finding.fingerprint, witness);
        let path = dir.join(reproducer.file_name());
        let mut text = serde_json::to_vec_pretty(&reproducer)?;
        text.push(b'\n');
        whole::write(&path, &text)?;
        written.insert(finding.fingerprint.clone(), path);
    }
    Ok(written)
}
