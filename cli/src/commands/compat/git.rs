//! Texts of a git revision, read by git itself.

use compat::load::{Failure, LoadError, Tree};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

/// Bytes of everything that is read from one revision.
const TOTAL: u64 = 512 << 20;

/// The `.proto` files and configurations of a revision, and the file that is
/// asked for.
pub(super) fn tree(revision: &str, path: &str) -> Result<Tree, LoadError> {
    let commit = commit(revision)?;
    let listing = git(&["ls-tree", "-r", "-z", "--full-tree", &commit])?;
    let mut wanted = Vec::new();
    for entry in listing.split(|byte| *byte == 0) {
        // `MODE TYPE HASH\tPATH`; links and submodules are no texts.
        let Some((head, name)) = std::str::from_utf8(entry)
            .ok()
            .and_then(|entry| entry.split_once('\t'))
        else {
            continue;
        };
        let mut words = head.split(' ');
        let (mode, _, hash) = (words.next(), words.next(), words.next());
        let base = name.rsplit('/').next().unwrap_or(name);
        let is_text = Path::new(base)
            .extension()
            .is_some_and(|end| end == "proto")
            || matches!(base, "buf.yaml" | "buf.work.yaml")
            || name == path;
        if let (Some("100644" | "100755"), Some(hash), true) = (mode, hash, is_text) {
            wanted.push((name.to_owned(), hash.to_owned()));
        }
    }
    contents(wanted).map(Tree::Memory)
}

/// A path that a revision does not have, or that has nothing to read.
pub(super) fn unfound(revision: &str, path: &str) -> LoadError {
    let named = format!("git:{revision}:{path}");
    let object = format!("{revision}:{path}");
    // Only texts are read from it: git knows of the others.
    let is_there = git(&["cat-file", "-e", &object]).is_ok();
    let what = if is_there {
        "there is no .proto file below it"
    } else {
        "the revision has no such file or directory"
    };
    LoadError::new(Failure::Usage, what).in_file(named)
}

fn commit(revision: &str) -> Result<String, LoadError> {
    let unknown =
        |what: &str| LoadError::new(Failure::Usage, what).in_file(format!("git:{revision}"));
    let no_such = || unknown("there is no such revision");
    if revision.is_empty() || revision.starts_with('-') {
        return Err(no_such());
    }
    // Says why it knows no revision at all, where it knows none.
    git(&["rev-parse", "--git-dir"]).map_err(|error| match error.failure {
        Failure::Usage => unknown(&error.message),
        _ => error,
    })?;
    let wanted = format!("{revision}^{{commit}}");
    let found = git(&[
        "rev-parse",
        "--verify",
        "--quiet",
        "--end-of-options",
        &wanted,
    ])
    .map_err(|error| match error.failure {
        Failure::Usage => no_such(),
        _ => error,
    })?;
    let text = String::from_utf8(found).map_err(|_| no_such())?;
    Ok(text.trim().to_owned())
}

fn no_git(error: &std::io::Error) -> LoadError {
    LoadError::new(Failure::Unjudged, format!("git cannot be started: {error}"))
}

fn git(words: &[&str]) -> Result<Vec<u8>, LoadError> {
    let output = Command::new("git")
        .args(words)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| no_git(&error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().next().unwrap_or("it says nothing");
        let said = said.strip_prefix("fatal: ").unwrap_or(said);
        return Err(LoadError::new(
            Failure::Usage,
            format!("git failed: {said}"),
        ));
    }
    Ok(output.stdout)
}

/// All blobs through one process.
fn contents(wanted: Vec<(String, String)>) -> Result<BTreeMap<String, Vec<u8>>, LoadError> {
    let mut child = Command::new("git")
        .args(["cat-file", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| no_git(&error))?;
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let mut stdout = BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    let hashes: Vec<&str> = wanted.iter().map(|(_, hash)| hash.as_str()).collect();
    let asked = hashes.join("\n") + "\n";
    // git answers while it is asked: a pipe must not fill up on either side.
    let asking = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let read = read_all(&mut stdout, wanted);
    drop(stdout);
    let _ = asking.join();
    let _ = child.wait();
    read.ok_or_else(|| LoadError::new(Failure::Unjudged, "git did not hand over a file"))
}

fn read_all(
    stdout: &mut impl BufRead,
    wanted: Vec<(String, String)>,
) -> Option<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    let mut total = 0;
    for (name, _) in wanted {
        // `HASH TYPE SIZE`, the bytes, a line end.
        let mut head = String::new();
        stdout.read_line(&mut head).ok()?;
        let size: u64 = head.split_whitespace().nth(2)?.parse().ok()?;
        total += size;
        if total > TOTAL {
            return None;
        }
        let mut bytes = Vec::new();
        stdout.take(size).read_to_end(&mut bytes).ok()?;
        let mut end = [0];
        stdout.read_exact(&mut end).ok()?;
        files.insert(name, bytes);
    }
    Some(files)
}
