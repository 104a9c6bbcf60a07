//! Thousands of files that other people wrote: the npm package
//! `google-proto-files`, kept below the target directory.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Versions years apart, oldest first.
pub(crate) const VERSIONS: [&str; 4] = ["3.0.3", "4.2.0", "5.0.1", "6.0.1"];

/// The import root of one version; installed by npm where it is not there.
///
/// `google/protobuf/` stays out: it holds tests of protobuf itself that do not
/// compile, and what is imported from there comes with every compiler.
pub(crate) fn tree(version: &str) -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../google-proto-files");
    let tree = home.join(version);
    if tree.is_dir() {
        return Ok(tree);
    }
    let failed = |error: io::Error| format!("{}: {error}", home.display());
    // Nobody else's: tests install side by side.
    let own = home.join(format!("{version}.{}", std::process::id()));
    fs::create_dir_all(&own).map_err(failed)?;
    let npm = Command::new("npm")
        .args(["install", "--silent", "--no-audit", "--no-fund"])
        .args(["--ignore-scripts", "--prefix"])
        .arg(&own)
        .arg(format!("google-proto-files@{version}"))
        .output()
        .map_err(|error| format!("npm cannot be started: {error}"))?;
    if !npm.status.success() {
        let said = String::from_utf8_lossy(&npm.stderr).into_owned();
        return Err(format!(
            "npm did not install google-proto-files {version}: {said}"
        ));
    }
    let package = own.join("node_modules/google-proto-files");
    let files = protos(&package).map_err(failed)?;
    let files = files.into_iter().filter(|name| {
        let kept = ["google/", "grafeas/"].map(|folder| name.starts_with(folder));
        kept.contains(&true) && !name.starts_with("google/protobuf/")
    });
    let ready = own.join("tree");
    copy(&package, files, &ready).map_err(failed)?;
    // Whoever was first has made the same.
    let _ = fs::rename(&ready, &tree);
    let _ = fs::remove_dir_all(&own);
    Ok(tree)
}

/// The paths of every `.proto` file below a root, sorted.
pub(crate) fn protos(root: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if entry.file_type()?.is_dir() {
                folders.push(format!("{folder}{name}/"));
            } else if Path::new(&*name)
                .extension()
                .is_some_and(|end| end == "proto")
            {
                found.push(format!("{folder}{name}"));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Some files of a root with everything they import from it.
pub(crate) fn closure(root: &Path, files: Vec<String>) -> io::Result<BTreeSet<String>> {
    let mut waiting = files;
    let mut all = BTreeSet::new();
    while let Some(file) = waiting.pop() {
        if all.contains(&file) || !root.join(&file).is_file() {
            continue;
        }
        let text = fs::read_to_string(root.join(&file))?;
        let imports = text.lines().filter_map(|line| {
            let rest = line.strip_prefix("import ")?;
            rest.split('"').nth(1)
        });
        waiting.extend(imports.map(str::to_owned));
        all.insert(file);
    }
    Ok(all)
}

/// Copies files of one root to another.
pub(crate) fn copy(
    from: &Path,
    files: impl IntoIterator<Item = String>,
    to: &Path,
) -> io::Result<()> {
    for file in files {
        let place = to.join(&file);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(from.join(&file), place)?;
    }
    Ok(())
}
