//! Short private directories, one per launch, that never outlive their owner.
//!
//! Each harness process owns one root directory and holds a lock on a file in
//! it. The kernel drops the lock when the process dies however it dies, so a
//! root whose lock can be taken belongs to nobody and is swept by the next
//! start.

use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

const PREFIX: &str = "ap-";
const LOCK: &str = "lock";

/// One directory, mode 0700, removed with everything in it on drop.
#[derive(Debug)]
pub struct PrivateDir {
    path: PathBuf,
}

impl PrivateDir {
    /// Makes a new directory. Its path is short, since socket paths below it
    /// hold 107 bytes at most.
    pub fn new() -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let root = root()?;
        let path = root.join(NEXT.fetch_add(1, Ordering::Relaxed).to_string());
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(PrivateDir { path })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything below it but directories, relative to it, sorted.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.path, &mut found, 4096);
        found.sort();
        found
            .iter()
            .filter_map(|path| path.strip_prefix(&self.path).ok().map(Path::to_path_buf))
            .collect()
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn collect(dir: &Path, found: &mut Vec<PathBuf>, most: usize) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        if found.len() >= most {
            return;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(&entry.path(), found, most),
            _ => found.push(entry.path()),
        }
    }
}

struct Root {
    path: PathBuf,
    lock: File,
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
        // Last, so that nobody sweeps a root that is half gone.
        let _ = flock(&self.lock, FlockOperation::Unlock);
    }
}

static ROOT: OnceLock<Result<Root, String>> = OnceLock::new();

fn root() -> io::Result<&'static Path> {
    match ROOT.get_or_init(|| make_root(Path::new("/tmp")).map_err(|error| error.to_string())) {
        Ok(root) => Ok(&root.path),
        Err(text) => Err(io::Error::other(format!(
            "make a private directory below /tmp: {text}"
        ))),
    }
}

/// Kills what still lives of any launch and removes this process's root
/// directory, if it has one. Called once, before the process ends.
pub fn remove_root() {
    if let Some(Ok(root)) = ROOT.get() {
        crate::tree::kill_below(&root.path);
        let _ = fs::remove_dir_all(&root.path);
    }
}

fn make_root(parent: &Path) -> io::Result<Root> {
    sweep(parent);
    let dir = tempfile::Builder::new()
        .prefix(PREFIX)
        .rand_bytes(6)
        .tempdir_in(parent)?;
    let lock = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(dir.path().join(LOCK))?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    Ok(Root {
        path: dir.keep(),
        lock,
    })
}

/// Removes the roots of dead owners below `parent`; returns how many.
///
/// A root without a lock file is left alone for a minute, since its owner may
/// be between making the one and the other.
pub fn sweep(parent: &Path) -> usize {
    let own = rustix::process::getuid().as_raw();
    let Ok(entries) = fs::read_dir(parent) else {
        return 0;
    };
    let mut swept = 0;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| {
            name.strip_prefix(PREFIX).is_some_and(|rest| {
                rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
            })
        });
        let Ok(meta) = fs::symlink_metadata(entry.path()) else {
            continue;
        };
        if !is_ours || !meta.is_dir() || meta.uid() != own {
            continue;
        }
        let abandoned = match File::open(entry.path().join(LOCK)) {
            Ok(lock) => flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok(),
            Err(_) => meta
                .modified()
                .ok()
                .and_then(|time| time.elapsed().ok())
                .is_some_and(|age| age.as_secs() > 60),
        };
        if abandoned && fs::remove_dir_all(entry.path()).is_ok() {
            swept += 1;
        }
    }
    swept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_goes_once_itslock_is_free() {
        let parent = tempfile::tempdir().unwrap();
        let root = make_root(parent.path()).unwrap();
        let path = root.path.clone();
        assert_eq!(sweep(parent.path()), 0, "a held lock protects the root");
        flock(&root.lock, FlockOperation::Unlock).unwrap();
        assert_eq!(sweep(parent.path()), 1);
        assert!(!path.exists());
    }

    #[test]
    fn a_launch_directory_lists_what_is_left_and_goes() {
        let dir = PrivateDir::new().unwrap();
        let path = dir.path().to_path_buf();
        fs::create_dir(path.join("deep")).unwrap();
        fs::write(path.join("deep/file"), b"x").unwrap();
        assert_eq!(dir.files(), [PathBuf::from("deep/file")]);
        assert!(path.as_os_str().len() < 24, "{}", path.display());
        drop(dir);
        assert!(!path.exists());
    }
}
