//! Reproducers on the disk.

use compat::load::{Failure, LoadError};
use compat::witness::{FILE_BYTES, Reproducer};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Files of one run.
const FILES: usize = 10_000;

/// One reproducer, and the file it came from.
pub(super) struct Case {
    pub(super) file: String,
    pub(super) reproducer: Reproducer,
}

/// Reads files, and those that end in `.json` of directories, before anything
/// is started.
pub(super) fn read(named: &[PathBuf]) -> Result<Vec<Case>, LoadError> {
    let mut cases = Vec::new();
    for path in named {
        if path.is_dir() {
            for path in listed(path)? {
                cases.push(case(&path)?);
            }
        } else {
            cases.push(case(path)?);
        }
        if cases.len() > FILES {
            return Err(LoadError::new(
                Failure::Usage,
                format!("there are more than {FILES} files"),
            ));
        }
    }
    if cases.is_empty() {
        return Err(
            LoadError::new(Failure::NothingSelected, "there is no reproducer")
                .hint("aperio-plugin compat check --witness DIR writes one for each break"),
        );
    }
    Ok(cases)
}

fn listed(directory: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unread = |error: std::io::Error| {
        LoadError::new(Failure::Usage, format!("it cannot be read: {error}"))
            .in_file(directory.display().to_string())
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let is_json = path.extension().is_some_and(|end| end == "json");
        if is_json && path.is_file() {
            paths.push(path);
        }
        if paths.len() > FILES {
            break;
        }
    }
    paths.sort();
    Ok(paths)
}

fn case(path: &Path) -> Result<Case, LoadError> {
    let file = path.display().to_string();
    let unread = |error: std::io::Error| {
        LoadError::new(Failure::Usage, format!("it cannot be read: {error}")).in_file(&file)
    };
    if !path.is_file() {
        return Err(LoadError::new(Failure::Usage, "there is no such file").in_file(&file));
    }
    let mut bytes = Vec::new();
    // One byte more tells that it is too large.
    File::open(path)
        .and_then(|opened| opened.take(FILE_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(unread)?;
    let reproducer = Reproducer::parse(&bytes).map_err(|error| error.in_file(&file))?;
    Ok(Case { file, reproducer })
}
