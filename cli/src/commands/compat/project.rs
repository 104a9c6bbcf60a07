//! The project around the working directory: what its configuration says of
//! the interface, and its locks.

use crate::config::{self, Unusable};
use compat::load::{Failure, Input, LoadError, Loaded, Protox, Roots};
use compat::{Lock, Policy, Version, lock};
use std::path::{Path, PathBuf};

/// What section `[compat]` says, or its defaults.
pub(super) struct Project {
    /// The directory of the configuration; empty for the working directory.
    directory: PathBuf,
    /// The configuration as the user would type it.
    pub(super) config: String,
    pub(super) policy: Policy,
}

impl Project {
    pub(super) fn find() -> Result<Self, LoadError> {
        let Some(config) = config::find(None).map_err(bad)? else {
            return Ok(Project {
                directory: PathBuf::new(),
                config: String::new(),
                policy: Policy::default(),
            });
        };
        let here = std::env::current_dir().unwrap_or_default();
        // Whoever stands beside the file types no path before its names.
        let relative = config.path.strip_prefix(&here).unwrap_or(&config.path);
        Ok(Project {
            directory: relative.parent().unwrap_or(Path::new("")).to_owned(),
            config: relative.display().to_string(),
            policy: config.text.compat,
        })
    }

    /// A path that the configuration says.
    pub(super) fn place(&self, path: &str) -> PathBuf {
        self.directory.join(path)
    }

    /// The directory of the locks.
    pub(super) fn released(&self) -> PathBuf {
        self.place(&self.policy.released)
    }

    /// The locked versions, oldest first.
    pub(super) fn versions(&self) -> Result<Vec<Version>, LoadError> {
        lock::versions(&self.released())
    }

    /// A lock, whoever edited it.
    pub(super) fn read(&self, version: &Version) -> Result<Lock, LoadError> {
        Lock::read(&self.released(), version)
    }

    /// A lock that nobody edited.
    pub(super) fn lock(&self, version: &Version) -> Result<Lock, LoadError> {
        let shown = self.released().join(version.to_string());
        Lock::read(&self.released(), version)?.unedited(&shown.display().to_string())
    }
}

fn bad(unusable: Unusable) -> LoadError {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let (line, column) = unusable.place.unwrap_or((0, 0));
    let mut error = LoadError::new(Failure::BadInput, unusable.what)
        .in_file(unusable.path)
        .at(number(line), number(column));
    error.hint = unusable.hint;
    error.drawn = Some(unusable.shown);
    error
}

/// The locks of Aperio's interface that the program carries, oldest first.
pub(super) fn carried() -> Vec<Lock> {
    let released = proto::released::RELEASED.iter().map(|released| Lock {
        version: compat::version::release(released.version).expect("a test reads them all"),
        set: released.descriptor_set.to_vec(),
        comments: None,
        digest: released.digest.to_owned(),
    });
    released.collect()
}

/// The newest of those of one minor, and its version in words.
pub(in crate::commands) fn minor(major: u32, minor: u32) -> Option<(String, Loaded)> {
    let (major, minor) = (u64::from(major), u64::from(minor));
    let mut locks = carried().into_iter().rev();
    let lock = locks.find(|lock| (lock.version.major, lock.version.minor) == (major, minor))?;
    let loaded = Input::Bytes(lock.set)
        .load(&Roots::default(), &Protox)
        .ok()?;
    Some((lock.version.to_string(), loaded))
}
