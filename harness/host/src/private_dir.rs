//! Short private directories, one per launch, that never outlive their owner.
//!
//! Each harness process owns one root directory and holds a lock on a file in
//! it. The kernel drops the lock when the process dies however it dies, so a
//! root whose lock can be taken belongs to nobody and is swept by the next
//! start.

use rustix::fs::{
    AtFlags, Dir, FlockOperation, Mode, OFlags, RenameFlags, chmod, flock, openat, renameat_with,
    unlinkat,
};
use rustix::io::Errno;
use std::ffi::{CStr, CString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

/// What roots are called, before six letters and digits. Sweeps go by it, so it
/// is one that nobody else uses.
const PREFIX: &str = "ap~";
const LOCK: &str = "lock";
/// Where a lock stands until it is held.
const NEW_LOCK: &str = "lock.new";
/// Attempts to make a root, since the starts of others sweep it while it is empty.
const ATTEMPTS: usize = 100;
/// Characters in the name of a launch's directory.
const NAME: usize = 5;
/// Files listed of what is left.
const LISTED: usize = 1000;
/// How deep they are looked for.
const DEPTH: usize = 32;
/// How long the removal of one directory may take.
const REMOVAL: Duration = Duration::from_mins(1);
/// Names read of a directory at a time.
const NAMES: usize = 1024;

/// One directory, mode 0700, removed with everything in it on drop.
#[derive(Debug)]
pub struct PrivateDir {
    path: PathBuf,
}

impl PrivateDir {
    /// Makes a new directory. Its path is short, since socket paths below it
    /// hold 107 bytes at most, and no plugin can foresee it.
    pub fn new() -> io::Result<Self> {
        let root = root()?;
        let dir = tempfile::Builder::new()
            .prefix("")
            .rand_bytes(NAME)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(root)
            .map_err(|error| spoilt(root, "make a directory in", &error))?;
        Ok(PrivateDir { path: dir.keep() })
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything below it but directories, relative to it, sorted; at most a
    /// thousand, and not from the bottom of a well.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = collect(&self.path);
        found.sort();
        found
            .iter()
            .filter_map(|path| path.strip_prefix(&self.path).ok().map(Path::to_path_buf))
            .collect()
    }
}

impl PrivateDir {
    /// Length of these files below it, in bytes; holes count.
    pub(crate) fn length_of(&self, files: &[PathBuf]) -> u64 {
        let of = |file: &PathBuf| fs::symlink_metadata(self.path.join(file)).ok();
        let lengths = files.iter().filter_map(of).map(|meta| meta.len());
        lengths.fold(0, u64::saturating_add)
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        let _ = remove(&self.path, None);
    }
}

fn collect(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![(root.to_path_buf(), 0)]);
    while let Some((dir, depth)) = open.pop() {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if found.len() + open.len() >= LISTED {
                return found;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < DEPTH => open.push((entry.path(), depth + 1)),
                _ => found.push(entry.path()),
            }
        }
    }
    found
}

/// Removes a directory with everything in it, whatever a plugin made of it:
/// no link is followed, modes are put right, and neither depth nor number
/// costs stack, descriptors or memory. `last` goes after everything else: a root
/// keeps its lock, so that a removal which is cut short is resumed by whoever
/// finds that free.
fn remove(path: &Path, last: Option<&str>) -> io::Result<()> {
    let deadline = Instant::now() + REMOVAL;
    let name = CString::new(path.as_os_str().as_encoded_bytes())?;
    match open_dir(rustix::fs::CWD, &name) {
        Ok(top) => {
            if last.is_some() {
                empty(&top, last, deadline)?;
            }
            empty(&top, None, deadline)?;
        }
        Err(Errno::NOTDIR | Errno::LOOP) => return fs::remove_file(path),
        Err(error) => return Err(error.into()),
    }
    fs::remove_dir(path)
}

/// Removes everything but `kept`. Directories inside directories are moved up
/// and emptied in their turn.
fn empty(top: &OwnedFd, kept: Option<&str>, deadline: Instant) -> io::Result<()> {
    let mut moved = 0_u64;
    loop {
        let mut names = names(top)?;
        names.retain(|name| kept.is_none_or(|kept| name.to_bytes() != kept.as_bytes()));
        if names.is_empty() {
            return Ok(());
        }
        for name in names {
            if unlink(top, &name, deadline)? {
                continue;
            }
            let inner = open_dir(top.as_fd(), &name)?;
            loop {
                let names = self::names(&inner)?;
                if names.is_empty() {
                    break;
                }
                for name in names {
                    if !unlink(&inner, &name, deadline)? {
                        move_up(&inner, &name, top, &mut moved)?;
                    }
                }
            }
            unlinkat(top, &name, AtFlags::REMOVEDIR)?;
        }
    }
}

/// Removes a name that is no directory; false where it is one.
fn unlink(dir: &OwnedFd, name: &CStr, deadline: Instant) -> io::Result<bool> {
    if Instant::now() >= deadline {
        return Err(io::ErrorKind::TimedOut.into());
    }
    match unlinkat(dir, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        Err(Errno::ISDIR | Errno::PERM) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn move_up(from: &OwnedFd, name: &CStr, to: &OwnedFd, moved: &mut u64) -> io::Result<()> {
    loop {
        *moved += 1;
        let fresh = format!("{PREFIX}{moved}");
        match renameat_with(from, name, to, &fresh, RenameFlags::NOREPLACE) {
            Err(Errno::EXIST) => {}
            other => return Ok(other?),
        }
    }
}

/// Opens a directory, itself and no link to it, after its owner got every
/// right to it.
fn open_dir(at: impl AsFd, name: &CStr) -> rustix::io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let handle = openat(at, name, flags | OFlags::PATH, Mode::empty())?;
    let itself = format!("/proc/self/fd/{}", handle.as_raw_fd());
    // Refused for what belongs to another; then opening it tells.
    let _ = chmod(itself, Mode::RWXU);
    openat(&handle, c".", flags | OFlags::RDONLY, Mode::empty())
}

/// Some of the names in a directory.
fn names(dir: &OwnedFd) -> io::Result<Vec<CString>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if !matches!(name.to_bytes(), b"." | b"..") {
            names.push(name.to_owned());
        }
        if names.len() >= NAMES {
            break;
        }
    }
    Ok(names)
}

struct Root {
    path: PathBuf,
    lock: Mutex<File>,
}

impl Root {
    /// Makes the directory and its lock again where a plugin removed them.
    fn restore(&self) -> io::Result<()> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        match fs::symlink_metadata(&self.path) {
            Ok(there) if !there.is_dir() => {
                return Err(io::ErrorKind::NotADirectory.into());
            }
            Ok(_) if fs::symlink_metadata(self.path.join(LOCK)).is_ok() => return Ok(()),
            Ok(_) => {}
            Err(_) => fs::DirBuilder::new().mode(0o700).create(&self.path)?,
        }
        *lock = hold(&self.path)?;
        Ok(())
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let _ = remove(&self.path, Some(LOCK));
        // Last, so that nobody sweeps a root that is half gone.
        let lock = self.lock.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = flock(lock, FlockOperation::Unlock);
    }
}

static ROOT: OnceLock<Result<Root, String>> = OnceLock::new();

fn root() -> io::Result<&'static Path> {
    match ROOT.get_or_init(|| make_root(Path::new("/tmp")).map_err(|error| error.to_string())) {
        Ok(root) => {
            let restored = root.restore();
            restored.map_err(|error| spoilt(&root.path, "make", &error))?;
            Ok(&root.path)
        }
        Err(text) => Err(io::Error::other(format!(
            "make a private directory below /tmp: {text}"
        ))),
    }
}

/// What went wrong at or below a directory that was in order, and whose doing
/// that is: the machine's, or that of a plugin which shares its user with us.
fn spoilt(path: &Path, what: &str, error: &io::Error) -> io::Error {
    use io::ErrorKind::{AlreadyExists, NotADirectory, NotFound, PermissionDenied};
    let by_a_plugin = matches!(
        error.kind(),
        AlreadyExists | NotADirectory | NotFound | PermissionDenied
    );
    let whose = if by_a_plugin {
        "the harness's private directory was removed or occupied while the plugin ran: "
    } else {
        ""
    };
    let path = path.display();
    io::Error::new(
        error.kind(),
        format!("{whose}failed to {what} {path}: {error}"),
    )
}

/// Makes a directory of one launch, and those above it.
pub(crate) fn make(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path).map_err(|error| spoilt(path, "make", &error))
}

/// How long what plugins left running may take to die.
const LAST_SWEEP: Duration = Duration::from_secs(5);

/// Kills what still lives of any launch and removes this process's root
/// directory, if it made one. Called once, before the process ends.
pub fn remove_root() {
    if let Some(Ok(root)) = ROOT.get() {
        crate::tree::kill_below(&root.path, LAST_SWEEP);
        let _ = remove(&root.path, Some(LOCK));
    }
}

fn make_root(parent: &Path) -> io::Result<Root> {
    sweep(parent);
    for _ in 0..ATTEMPTS {
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .rand_bytes(6)
            .tempdir_in(parent)?;
        match hold(dir.path()) {
            // Another sweep removed it while it was empty.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
            Ok(lock) => {
                return Ok(Root {
                    path: dir.keep(),
                    lock: Mutex::new(lock),
                });
            }
        }
    }
    Err(io::Error::other("somebody removes each at once"))
}

/// Makes the lock of a root. It gets its name once it is held: whoever finds it
/// free finds a root without an owner.
fn hold(root: &Path) -> io::Result<File> {
    let unnamed = root.join(NEW_LOCK);
    let lock = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&unnamed)?;
    flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
    fs::rename(&unnamed, root.join(LOCK))?;
    Ok(lock)
}

/// Removes the roots of dead owners below `parent`; returns how many.
///
/// A root without a lock file goes when it is empty: its owner died between the
/// removal of the one and the other, or is about to make the lock and will begin
/// anew. With anything in it, a plugin may have removed the lock of a living
/// owner, and it is left alone for a minute.
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
        let abandoned = match open_lock(&entry.path().join(LOCK)) {
            Ok(lock) => flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok(),
            Err(_) if fs::remove_dir(entry.path()).is_ok() => {
                swept += 1;
                continue;
            }
            Err(_) => meta
                .modified()
                .ok()
                .and_then(|time| time.elapsed().ok())
                .is_some_and(|age| age.as_secs() > 60),
        };
        if abandoned && remove(&entry.path(), Some(LOCK)).is_ok() {
            swept += 1;
        }
    }
    swept
}

/// Opens a lock file that a plugin may have replaced: no link is followed and
/// no pipe is waited for.
fn open_lock(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Roots made beside sweeps.
    const ROOTS: usize = 1000;
    const SWEEPERS: usize = 3;

    #[test]
    fn a_root_goes_once_its_lock_is_free() {
        let parent = tempfile::tempdir().unwrap();
        let root = make_root(parent.path()).unwrap();
        let path = root.path.clone();
        assert_eq!(sweep(parent.path()), 0, "a held lock protects the root");
        flock(&*root.lock.lock().unwrap(), FlockOperation::Unlock).unwrap();
        assert_eq!(sweep(parent.path()), 1);
        assert!(!path.exists());
    }

    #[test]
    fn a_root_whose_removal_was_cut_short_goes_at_the_next_start() {
        let parent = tempfile::tempdir().unwrap();
        let root = make_root(parent.path()).unwrap();
        fs::create_dir(root.path.join("abcde")).unwrap();
        fs::write(root.path.join("zzzzz"), b"").unwrap();
        let name = CString::new(root.path.as_os_str().as_encoded_bytes()).unwrap();
        let top = open_dir(rustix::fs::CWD, &name).unwrap();
        empty(&top, Some(LOCK), Instant::now() + REMOVAL).unwrap();
        assert_eq!(names(&top).unwrap(), [c"lock".to_owned()]);
        assert_eq!(sweep(parent.path()), 0, "its owner is still at it");
        fs::remove_file(root.path.join(LOCK)).unwrap();
        assert_eq!(sweep(parent.path()), 1, "and died before the last step");
        assert!(!root.path.exists());
    }

    #[test]
    fn roots_are_made_beside_sweeps() {
        let parent = tempfile::tempdir().unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..SWEEPERS {
                scope.spawn(|| {
                    while !done.load(Ordering::Relaxed) {
                        sweep(parent.path());
                    }
                });
            }
            let roots = (0..ROOTS).map(|_| make_root(parent.path()));
            let held = roots.map(|root| Ok(root?.path.join(LOCK).exists()));
            let held: io::Result<Vec<bool>> = held.collect();
            done.store(true, Ordering::Relaxed);
            assert!(held.unwrap().into_iter().all(|held| held));
        });
    }

    #[test]
    fn a_root_whose_lock_a_plugin_removed_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let root = make_root(parent.path()).unwrap();
        fs::create_dir(root.path.join("abcde")).unwrap();
        fs::remove_file(root.path.join(LOCK)).unwrap();
        assert_eq!(sweep(parent.path()), 0);
        assert!(root.path.join("abcde").exists());
    }

    #[test]
    fn what_a_plugin_made_of_it_goes() {
        let parent = tempfile::tempdir().unwrap();
        let outside = parent.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("precious"), b"x").unwrap();
        let dir = parent.path().join("dir");
        fs::create_dir_all(dir.join("shut/inner")).unwrap();
        std::os::unix::fs::symlink(&outside, dir.join("link")).unwrap();
        std::os::unix::fs::symlink("/", dir.join("shut/root")).unwrap();
        for number in 0..1500 {
            fs::write(dir.join(format!("file{number}")), b"").unwrap();
        }
        let shut = fs::Permissions::from_mode(0o000);
        fs::set_permissions(dir.join("shut/inner"), shut.clone()).unwrap();
        fs::set_permissions(dir.join("shut"), shut).unwrap();
        // Deeper than paths, descriptors and the stack allow.
        let mut at = open_dir(
            rustix::fs::CWD,
            &CString::new(dir.to_str().unwrap()).unwrap(),
        )
        .unwrap();
        for _ in 0..2200 {
            rustix::fs::mkdirat(&at, c"d", Mode::RWXU).unwrap();
            at = open_dir(&at, c"d").unwrap();
        }
        assert!(collect(&dir).len() <= LISTED);
        remove(&dir, None).unwrap();
        assert!(!dir.exists());
        assert!(outside.join("precious").exists(), "links are not followed");
    }

    #[test]
    fn a_root_that_a_plugin_removed_is_made_again() {
        let parent = tempfile::tempdir().unwrap();
        let root = make_root(parent.path()).unwrap();
        fs::remove_dir_all(&root.path).unwrap();
        root.restore().unwrap();
        assert_eq!(
            fs::metadata(&root.path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert_eq!(sweep(parent.path()), 0, "it is held again");
        fs::remove_dir_all(&root.path).unwrap();
        std::os::unix::fs::symlink("/", &root.path).unwrap();
        assert!(root.restore().is_err(), "a link is no private directory");
    }

    #[test]
    fn a_lock_that_became_a_pipe_holds_nobody_up() {
        let parent = tempfile::tempdir().unwrap();
        let root = make_root(parent.path()).unwrap();
        let lock = root.path.join(LOCK);
        fs::remove_file(&lock).unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            &lock,
            rustix::fs::FileType::Fifo,
            Mode::RWXU,
            0,
        )
        .unwrap();
        assert!(sweep(parent.path()) <= 1);
    }

    #[test]
    fn a_launch_directory_lists_what_is_left_and_goes() {
        let dir = PrivateDir::new().unwrap();
        let path = dir.path().to_path_buf();
        fs::create_dir(path.join("deep")).unwrap();
        fs::write(path.join("deep/file"), b"x").unwrap();
        assert_eq!(dir.files(), [PathBuf::from("deep/file")]);
        assert_eq!(dir.length_of(&dir.files()), 1);
        assert!(path.as_os_str().len() < 24, "{}", path.display());
        drop(dir);
        assert!(!path.exists());
    }
}
