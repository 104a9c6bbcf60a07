//! Paths and the texts behind them: a directory, or what somebody read from
//! elsewhere.

use super::{LoadError, file};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// Bytes of one source file.
const FILE_BYTES: u64 = 64 << 20;
/// How deep directories are followed.
const DEPTH: usize = 64;
/// Files of one tree.
const FILES: usize = 1 << 17;

/// Files by path, with `/` between the parts.
#[derive(Debug, Clone)]
pub enum Tree {
    /// A directory of the disk.
    Directory(PathBuf),
    /// Texts in memory, for example of a git revision.
    Memory(BTreeMap<String, Vec<u8>>),
}

impl Tree {
    /// The bytes of a file; `None` where there is none.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LoadError> {
        match self {
            Tree::Memory(files) => Ok(files.get(path).cloned()),
            Tree::Directory(root) => {
                let inside = Path::new(path);
                let plain = inside
                    .components()
                    .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
                let place = root.join(inside);
                // A file that a link finds elsewhere is not part of the tree;
                // what is no file is told, and so is a link to nothing.
                let elsewhere = || linked(root, inside) && place.is_file() && leaves(root, &place);
                if !plain || !file::is_there(&place) || elsewhere() {
                    return Ok(None);
                }
                read(&place, FILE_BYTES).map(Some)
            }
        }
    }

    /// Every `.proto` file below a folder, sorted; the paths begin below it.
    /// What starts with a dot, and links that leave the tree, are skipped.
    pub fn protos(&self, folder: &str) -> Result<Vec<String>, LoadError> {
        let mut found = Vec::new();
        match self {
            Tree::Memory(files) => {
                for path in files.keys() {
                    if let Some(rest) = below(path, folder)
                        && is_proto(rest)
                        && !rest.split('/').any(|part| part.starts_with('.'))
                    {
                        found.push(rest.to_owned());
                    }
                }
            }
            Tree::Directory(root) => {
                walk(root, &root.join(folder), "", 0, &mut found)?;
            }
        }
        found.sort();
        Ok(found)
    }

    /// Whether there is a folder, or a file in it.
    pub fn has_folder(&self, folder: &str) -> bool {
        match self {
            Tree::Memory(files) => files.keys().any(|path| below(path, folder).is_some()),
            Tree::Directory(root) => root.join(folder).is_dir(),
        }
    }
}

/// Reads a file of bounded size.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, LoadError> {
    file::read(path, most).map_err(|error| {
        LoadError::bad(format!("cannot be read: {error}")).in_file(path.display().to_string())
    })
}

fn is_proto(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension == "proto")
}

/// The rest of a path below a folder.
pub(crate) fn below<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    if folder.is_empty() || folder == "." {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// Whether a part of a path is a link: only then can it lead elsewhere.
fn linked(root: &Path, inside: &Path) -> bool {
    let mut place = root.to_owned();
    inside.components().any(|part| {
        place.push(part);
        place.symlink_metadata().is_ok_and(|met| met.is_symlink())
    })
}

fn leaves(root: &Path, place: &Path) -> bool {
    match (root.canonicalize(), place.canonicalize()) {
        (Ok(root), Ok(place)) => !place.starts_with(root),
        _ => true,
    }
}

fn walk(
    root: &Path,
    place: &Path,
    path: &str,
    depth: usize,
    found: &mut Vec<String>,
) -> Result<(), LoadError> {
    let told = |error: std::io::Error| {
        LoadError::bad(format!("cannot be listed: {error}")).in_file(place.display().to_string())
    };
    if depth > DEPTH || found.len() > FILES {
        return Err(
            LoadError::bad("the tree is too deep or too wide").in_file(place.display().to_string())
        );
    }
    for entry in fs::read_dir(place).map_err(told)? {
        let entry = entry.map_err(told)?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
            continue;
        };
        let place = entry.path();
        let link = entry.file_type().map_err(told)?.is_symlink();
        if link && leaves(root, &place) {
            continue;
        }
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}/{name}")
        };
        if place.is_dir() {
            // A linked folder inside the tree is met where it really stands.
            if !link {
                walk(root, &place, &path, depth + 1, found)?;
            }
        } else if is_proto(&path) {
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_and_a_map_list_alike() {
        let disk = tempfile::tempdir().unwrap();
        for path in ["b/a.proto", "a.proto", ".git/x.proto", "b/readme"] {
            let place = disk.path().join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::write(place, "x").unwrap();
        }
        let tree = Tree::Directory(disk.path().to_owned());
        let memory = Tree::Memory(
            ["b/a.proto", "a.proto", ".git/x.proto", "b/readme"]
                .map(|path| (path.to_owned(), b"x".to_vec()))
                .into(),
        );
        for tree in [tree, memory] {
            assert_eq!(tree.protos("").unwrap(), ["a.proto", "b/a.proto"]);
            assert_eq!(tree.protos("b").unwrap(), ["a.proto"]);
            assert_eq!(tree.read("a.proto").unwrap().unwrap(), b"x");
            assert!(tree.read("../a.proto").unwrap().is_none());
            assert!(tree.has_folder("b") && !tree.has_folder("c"));
        }
    }
}
