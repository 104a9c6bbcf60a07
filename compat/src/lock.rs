//! Locks: what was released, frozen as a descriptor set and its digests.
//!
//! A lock is a directory `X.Y.Z` with three files. `descriptor_set.binpb` is
//! the canonical form of the judged packages and of all they import, the files
//! of `google/protobuf/` included, without which nobody could load it.
//! `comments` is what stands beside the declarations; a lock may lack it.
//! `digest` has three lines: of what is declared, of the comments, of the
//! bytes of the set. A lock is written once and never again.

use crate::load::{Failure, LoadError, file};
use crate::model::DescriptorSet;
use crate::version::{Version, release};
use crate::{canon, comments};
use std::fmt;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Name of the file with the descriptor set.
const SET: &str = "descriptor_set.binpb";
/// Name of the file with the comments.
const COMMENTS: &str = "comments";
/// Name of the file with the digests.
const DIGEST: &str = "digest";
/// Bytes of a descriptor set, and of comments.
const SET_BYTES: u64 = 64 << 20;
/// Bytes of a file of digests.
const DIGEST_BYTES: u64 = 4 << 10;
/// Entries of a directory of locks.
const LOCKS: usize = 4096;

/// The three digests of a lock, each as 64 lower-case hex digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digests {
    /// Of what is declared, without the files of `google/protobuf/`: what
    /// `Describe` repeats.
    pub descriptor: String,
    /// Of the comments of the same files.
    pub comments: String,
    /// Of the bytes of the stored set.
    pub file: String,
}

impl Digests {
    /// Reads the three lines.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.strip_suffix('\n')?.split('\n');
        let mut digest = |word: &str| {
            let rest = lines.next()?.strip_prefix(word)?;
            let hex = rest.strip_prefix(" sha256:")?;
            let digits = hex
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            (digits && hex.len() == 64).then(|| hex.to_owned())
        };
        let read = Digests {
            descriptor: digest("descriptor")?,
            comments: digest("comments")?,
            file: digest("file")?,
        };
        lines.next().is_none().then_some(read)
    }
}

impl fmt::Display for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "descriptor sha256:{}", self.descriptor)?;
        writeln!(f, "comments sha256:{}", self.comments)?;
        writeln!(f, "file sha256:{}", self.file)
    }
}

/// One lock: its version, and its files as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The version.
    pub version: Version,
    /// The bytes of the descriptor set.
    pub set: Vec<u8>,
    /// The comments, where the lock has them: see [`comments`].
    pub comments: Option<Vec<u8>>,
    /// The text of the digests.
    pub digest: String,
}

impl Lock {
    /// Freezes some packages of a set with everything they import; no packages
    /// means every file that is no import. The comments are those of the
    /// set's source info.
    pub fn freeze(
        version: Version,
        set: &DescriptorSet<'_>,
        packages: &[&str],
    ) -> Result<Self, LoadError> {
        let judged = canon::closure(set, packages, false);
        if judged.is_empty() {
            let message = match packages {
                [] => "there is no file to freeze".to_owned(),
                _ => format!("no file is in package {}", packages.join(" or ")),
            };
            return Err(LoadError::new(Failure::NothingSelected, message));
        }
        let bytes = canon::set(set, canon::closure(set, packages, true))?;
        let comments = comments::kept(set, judged.iter().copied())?;
        let digests = Digests {
            descriptor: canon::digest(set, judged)?,
            comments: canon::sha256(&comments),
            file: canon::sha256(&bytes),
        };
        Ok(Lock {
            version,
            set: bytes,
            comments: Some(comments),
            digest: digests.to_string(),
        })
    }

    /// Reads the lock of a version below a directory of locks.
    pub fn read(released: &Path, version: &Version) -> Result<Self, LoadError> {
        let place = released.join(version.to_string());
        let digest = read(&place.join(DIGEST), DIGEST_BYTES)?;
        Ok(Lock {
            version: version.clone(),
            set: read(&place.join(SET), SET_BYTES)?,
            comments: match place.join(COMMENTS) {
                place if place.exists() => Some(read(&place, SET_BYTES)?),
                _ => None,
            },
            // What is no text is no digest; `edits` says so.
            digest: String::from_utf8_lossy(&digest).into_owned(),
        })
    }

    /// The digests, unless the text is none of three lines.
    pub fn digests(&self) -> Option<Digests> {
        Digests::parse(&self.digest)
    }

    /// What shows that somebody edited it, one line each; nothing where nobody
    /// did.
    pub fn edits(&self) -> Vec<String> {
        let Some(digests) = self.digests() else {
            let line = format!("{DIGEST} is not the three lines that were written");
            return vec![line];
        };
        if canon::sha256(&self.set) != digests.file {
            let line = format!("{SET} has other bytes than {DIGEST} was made of");
            return vec![line];
        }
        let kept = self.comments.as_deref().map(canon::sha256);
        if kept.is_some_and(|kept| kept != digests.comments) {
            let line = format!("{COMMENTS} has other bytes than {DIGEST} was made of");
            return vec![line];
        }
        match self.declared() {
            Err(error) => vec![format!("{SET} cannot be read: {error}")],
            Ok((bytes, _)) if bytes != self.set => {
                vec![format!("{SET} is not in canonical form")]
            }
            Ok((_, descriptor)) if descriptor != digests.descriptor => {
                vec![format!(
                    "{DIGEST} says another descriptor digest than {SET} has"
                )]
            }
            Ok(_) => Vec::new(),
        }
    }

    /// The set with the comments that were frozen beside it; `None` where none
    /// were, or others stand there now.
    pub fn commented(&self) -> Option<Vec<u8>> {
        let row = self.comments.as_ref()?;
        if canon::sha256(row) != self.digests()?.comments {
            return None;
        }
        comments::laid_over(&DescriptorSet::parse(&self.set).ok()?, row)
    }

    /// The lock, unless somebody edited it. `shown` is its directory as the user
    /// would type it.
    pub fn unedited(self, shown: &str) -> Result<Self, LoadError> {
        match self.edits().as_slice() {
            [] => Ok(self),
            edits => {
                let message = format!("the lock was edited: {}", edits.join(", "));
                Err(LoadError::new(Failure::Refused, message)
                    .hint("restore it as it was released: git checkout")
                    .in_file(shown))
            }
        }
    }

    /// The canonical form of the stored set, and the digest of what it declares.
    fn declared(&self) -> Result<(Vec<u8>, String), LoadError> {
        let set = DescriptorSet::parse(&self.set)?;
        let all = set.files().iter().map(|file| file.id);
        let descriptor = canon::digest(&set, canon::closure(&set, &[], false))?;
        Ok((canon::set(&set, all)?, descriptor))
    }

    /// Whether the lock may stand beside those that are there.
    pub fn may_join(&self, locks: &[Lock]) -> Result<(), Refusal> {
        let version = &self.version;
        if locks.iter().any(|lock| lock.version == *version) {
            return Err(Refusal::Taken(version.clone()));
        }
        let of_major = locks
            .iter()
            .filter(|lock| lock.version.major == version.major);
        let Some(newest) = of_major.max_by_key(|lock| &lock.version) else {
            return Ok(());
        };
        if newest.version > *version {
            return Err(Refusal::NotAbove {
                version: version.clone(),
                newest: newest.version.clone(),
            });
        }
        let declared = |lock: &Lock| lock.digests().map(|digests| digests.descriptor);
        if newest.version.minor == version.minor && declared(newest) != declared(self) {
            return Err(Refusal::Moved {
                version: version.clone(),
                newest: newest.version.clone(),
            });
        }
        Ok(())
    }

    /// Writes it below a directory of locks, whole or not at all; says where.
    pub fn write(&self, released: &Path) -> Result<PathBuf, LoadError> {
        let place = released.join(self.version.to_string());
        let told = |error: std::io::Error| {
            LoadError::unjudged(format!("the lock cannot be written: {error}"))
                .in_file(place.display().to_string())
        };
        fs::create_dir_all(released).map_err(told)?;
        if place.exists() {
            return Err(told(std::io::ErrorKind::AlreadyExists.into()));
        }
        // Nobody sees half a lock: it gets its name when it is whole.
        let staging = released.join(format!(".{}.{}", self.version, std::process::id()));
        fs::create_dir(&staging).map_err(told)?;
        let comments = self
            .comments
            .as_ref()
            .map_or(Ok(()), |comments| write(&staging.join(COMMENTS), comments));
        let written = comments
            .and_then(|()| write(&staging.join(SET), &self.set))
            .and_then(|()| write(&staging.join(DIGEST), self.digest.as_bytes()))
            .and_then(|()| fs::rename(&staging, &place));
        if let Err(error) = written {
            let _ = fs::remove_dir_all(&staging);
            return Err(told(error));
        }
        Ok(place)
    }
}

/// Why a lock may not join the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The version is released.
    Taken(Version),
    /// A newer one of the same major is.
    NotAbove {
        /// The version.
        version: Version,
        /// The newest of its major.
        newest: Version,
    },
    /// A patch declares what its minor does not.
    Moved {
        /// The version.
        version: Version,
        /// The newest patch of its minor.
        newest: Version,
    },
}

impl Refusal {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Refusal::Taken(version)
            | Refusal::NotAbove {
                newest: version, ..
            } => {
                format!("name a version above {version}")
            }
            Refusal::Moved { version, .. } => {
                let next = crate::Bump::Minor.above(version);
                format!("whatever moves the digest is at least a minor, such as {next}")
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Taken(version) => {
                write!(f, "{version} is released, and a lock is never rewritten")
            }
            Refusal::NotAbove { version, newest } => {
                let major = newest.major;
                write!(
                    f,
                    "{version} is not above {newest}, the newest lock of major {major}"
                )
            }
            Refusal::Moved { version, newest } => write!(
                f,
                "{version} declares other things than {newest}: a patch keeps the digest of its minor"
            ),
        }
    }
}

impl From<Refusal> for LoadError {
    fn from(refusal: Refusal) -> Self {
        LoadError::new(Failure::Refused, refusal.to_string()).hint(refusal.hint())
    }
}

/// The versions that are locked below a directory, oldest first; none where
/// there is no such directory. Plain files and what begins with a dot are no
/// locks; any other directory must be named as a release.
pub fn versions(released: &Path) -> Result<Vec<Version>, LoadError> {
    let told = |error: std::io::Error| {
        LoadError::unjudged(format!("the locks cannot be listed: {error}"))
            .in_file(released.display().to_string())
    };
    let entries = match fs::read_dir(released) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(told)?,
    };
    let mut versions = Vec::new();
    for entry in entries.take(LOCKS + 1) {
        let entry = entry.map_err(told)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let place = entry.path();
        // A lock that cannot be reached is not the same as none.
        let lost = place.is_symlink() && !place.exists();
        if name.starts_with('.') || !place.is_dir() && !lost {
            continue;
        }
        match release(&name) {
            Some(version) => versions.push(version),
            None => {
                return Err(LoadError::bad("the directory is not named as a release")
                    .hint("a lock is a directory such as 1.2.0")
                    .in_file(place.display().to_string()));
            }
        }
        if versions.len() > LOCKS {
            let message = format!("there are more than {LOCKS} locks");
            return Err(LoadError::bad(message).in_file(released.display().to_string()));
        }
    }
    versions.sort();
    Ok(versions)
}

/// Which of the locked versions a declared one is compared with, newest first:
/// all of its major up to itself, or all of the major before that has any.
pub fn bases(locked: &[Version], declared: &Version) -> Vec<Version> {
    let declared = Version::new(declared.major, declared.minor, declared.patch);
    let below = locked.iter().filter(|version| **version <= declared);
    let Some(major) = below.clone().map(|version| version.major).max() else {
        return Vec::new();
    };
    let mut bases: Vec<Version> = below
        .filter(|version| version.major == major)
        .cloned()
        .collect();
    bases.sort_by(|one, other| other.cmp(one));
    bases
}

/// A file of a lock. What is missing or too large cannot be judged.
fn read(path: &Path, most: u64) -> Result<Vec<u8>, LoadError> {
    file::read(path, most).map_err(|error| {
        LoadError::unjudged(format!("the lock cannot be read: {error}"))
            .hint("restore it as it was released: git checkout")
            .in_file(path.display().to_string())
    })
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKAGES: [&str; 1] = ["aperio.plugin.v1"];

    fn version(text: &str) -> Version {
        release(text).unwrap()
    }

    fn lock(text: &str) -> Lock {
        let set = DescriptorSet::parse(proto::DESCRIPTORS).unwrap();
        Lock::freeze(version(text), &set, &PACKAGES).unwrap()
    }

    fn set(text: &str) -> Vec<u8> {
        use crate::load::{Input, Protox, Roots, Tree};
        let files = [("a.proto".to_owned(), text.as_bytes().to_vec())];
        let input = Input::Tree {
            tree: std::rc::Rc::new(Tree::Memory(files.into())),
            path: String::new(),
        };
        input.load(&Roots::default(), &Protox).unwrap().bytes
    }

    fn frozen(release: &str, text: &str) -> Lock {
        let bytes = set(text);
        let set = DescriptorSet::parse(&bytes).unwrap();
        Lock::freeze(version(release), &set, &[]).unwrap()
    }

    #[test]
    fn a_lock_is_read_as_it_was_written() {
        let home = tempfile::tempdir().unwrap();
        let released = home.path().join("proto/released");
        let lock = lock("1.2.0");
        assert_eq!(lock.write(&released).unwrap(), released.join("1.2.0"));
        let read = Lock::read(&released, &lock.version).unwrap();
        assert_eq!(read, lock);
        assert!(read.edits().is_empty());
        let digests = read.digests().unwrap();
        assert_eq!(digests.descriptor, proto::DESCRIPTOR_DIGEST);
        assert_eq!(digests.file, canon::sha256(&lock.set));
        assert_eq!(versions(&released).unwrap(), [version("1.2.0")]);
        // Nothing but the lock is left, and it is not written twice.
        assert_eq!(fs::read_dir(&released).unwrap().count(), 1);
        let error = lock.write(&released).unwrap_err();
        assert_eq!(error.failure, Failure::Unjudged);
        assert_eq!(fs::read_dir(&released).unwrap().count(), 1);
    }

    #[test]
    fn a_stored_set_can_be_loaded_alone() {
        let lock = lock("1.2.0");
        let set = DescriptorSet::parse(&lock.set).unwrap();
        let paths: Vec<&str> = set.files().iter().map(|file| file.path).collect();
        assert!(paths.contains(&"google/protobuf/timestamp.proto"));
        assert!(!paths.iter().any(|path| path.starts_with("goplugin/")));
        prost_reflect::DescriptorPool::decode(lock.set.as_slice()).unwrap();
    }

    #[test]
    fn every_edit_shows() {
        let clean = lock("1.2.0");
        let digests = clean.digests().unwrap();
        let told = |lock: &Lock| lock.edits().join("\n");
        assert_eq!(clean.clone().unedited("x").as_ref(), Ok(&clean));
        let mut edited = clean.clone();
        let last = edited.set.len() - 1;
        edited.set[last] ^= 1;
        assert!(told(&edited).contains("other bytes"), "{}", told(&edited));

        let error = edited.unedited("x").unwrap_err();
        assert_eq!(error.failure, Failure::Refused);
        assert!(
            error.to_string().starts_with("x: the lock was edited"),
            "{error}"
        );

        // Whoever mends the digest of the bytes leaves that of the content.
        let other = frozen("1.2.0", "syntax = \"proto3\"; message M {}");
        let mended = Digests {
            file: other.digests().unwrap().file,
            ..digests.clone()
        };
        let edited = Lock {
            set: other.set.clone(),
            digest: mended.to_string(),
            ..clean.clone()
        };
        assert!(told(&edited).contains("another descriptor digest"));
        for set in [
            set("syntax = \"proto3\"; message M {}"),
            b"\x0a\x05".to_vec(),
        ] {
            let file = canon::sha256(&set);
            let digest = Digests {
                file,
                ..digests.clone()
            }
            .to_string();
            let edited = Lock {
                set,
                digest,
                ..clean.clone()
            };
            let told = told(&edited);
            assert!(
                told.contains("canonical") || told.contains("cannot be read"),
                "{told}"
            );
        }

        let text = &clean.digest;
        for digest in [
            String::new(),
            text.trim_end().to_owned(),
            format!("{text}\n"),
            text.replace("sha256:", ""),
            text.replace("comments", "comment"),
            text.to_uppercase(),
            text.replacen(&digests.comments, "0", 1),
        ] {
            let edited = Lock {
                digest,
                ..clean.clone()
            };
            assert!(told(&edited).contains("three lines"), "{}", edited.digest);
        }
    }

    #[test]
    fn comments_move_their_own_digest_alone() {
        let plain =
            "syntax = \"proto3\";\n// A message.\nmessage M {\n  int32 a = 1; // A number.\n}\n";
        let first = frozen("1.0.0", plain).digests().unwrap();
        for other in [
            plain.replace("A message", "The message"),
            plain.replace("A number", "The number"),
            plain.replace("// A message.\n", ""),
        ] {
            let second = frozen("1.0.0", &other).digests().unwrap();
            assert_eq!(second.descriptor, first.descriptor);
            assert_eq!(second.file, first.file);
            assert_ne!(second.comments, first.comments, "{other}");
        }
        let third = frozen("1.0.0", &plain.replace("int32", "int64"))
            .digests()
            .unwrap();
        assert_ne!(third.descriptor, first.descriptor);
        assert_eq!(third.comments, first.comments);
    }

    #[test]
    fn comments_are_kept_by_declaration() {
        let plain =
            "syntax = \"proto3\";\n// A message.\nmessage M {\n  int32 a = 1; // A number.\n}\n";
        let lock = frozen("1.0.0", plain);
        let bytes = lock.commented().unwrap();
        let set = DescriptorSet::parse(&bytes).unwrap();
        let file = set
            .files()
            .iter()
            .find(|file| file.path == "a.proto")
            .unwrap();
        let comments = set.comments(file.id);
        let of = |path: &[i32]| comments[path].as_str();
        assert_eq!(comments.len(), 2);
        assert_eq!(
            (of(&[4, 0]), of(&[4, 0, 2, 0])),
            (" A message.\n\n", " A number.\n\n")
        );
        let again = Lock::freeze(version("1.0.0"), &set, &[]).unwrap();
        assert_eq!(again, lock);

        let mut edited = lock.clone();
        *edited.comments.as_mut().unwrap().last_mut().unwrap() ^= 1;
        assert!(edited.edits()[0].starts_with("comments has other bytes"));
        assert_eq!(edited.commented(), None);
        // An older lock has their digest alone.
        let older = Lock {
            comments: None,
            ..lock.clone()
        };
        assert!(older.edits().is_empty());
        assert_eq!(older.commented(), None);
        for row in [
            &[0][..],
            &[4; 9],
            &[9, 0, 0, 0, 0, 0, 0, 0, 0],
            b"\0\xff\0\0\0\0\0\0\0a",
        ] {
            let set = DescriptorSet::parse(&lock.set).unwrap();
            assert_eq!(comments::laid_over(&set, row), None, "{row:?}");
        }
    }

    #[test]
    fn only_a_new_version_above_the_others_joins() {
        let text = "syntax = \"proto3\"; message M {}";
        let more = "syntax = \"proto3\"; message M {} message N {}";
        let there = ["1.0.0", "1.2.0", "1.10.0", "3.0.0"].map(|version| frozen(version, text));
        let joins = |version: &str, text: &str| frozen(version, text).may_join(&there);
        for (version, text) in [
            ("1.10.1", text),
            ("1.11.0", more),
            ("2.0.0", more),
            ("3.1.0", text),
            ("0.9.0", more),
        ] {
            assert_eq!(joins(version, text), Ok(()), "{version}");
        }
        assert_eq!(joins("1.2.0", text), Err(Refusal::Taken(version("1.2.0"))));
        let below = joins("1.2.1", text).unwrap_err();
        assert!(
            below.to_string().contains("1.2.1 is not above 1.10.0"),
            "{below}"
        );
        let moved = joins("1.10.1", more).unwrap_err();
        assert!(matches!(moved, Refusal::Moved { .. }), "{moved}");
        assert!(moved.hint().contains("1.11.0"), "{}", moved.hint());
    }

    #[test]
    fn a_version_is_compared_with_its_major_or_the_one_before() {
        let locked = ["0.9.0", "1.0.0", "1.1.0", "1.1.1", "1.2.0", "4.0.0"].map(version);
        let against = |declared: &str| {
            let bases = bases(&locked, &Version::parse(declared).unwrap());
            bases.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(against("1.2.0"), ["1.2.0", "1.1.1", "1.1.0", "1.0.0"]);
        assert_eq!(against("1.1.1-rc.1"), ["1.1.1", "1.1.0", "1.0.0"]);
        assert_eq!(against("3.0.0"), against("1.9.0"));
        assert_eq!(against("1.0.0"), ["1.0.0"]);
        assert!(against("0.1.0").is_empty());
    }

    #[test]
    fn what_is_no_lock_is_told() {
        let home = tempfile::tempdir().unwrap();
        assert!(versions(&home.path().join("nowhere")).unwrap().is_empty());
        fs::write(home.path().join("README.md"), "").unwrap();
        for directory in [".staging", "1.10.0", "1.9.0"] {
            fs::create_dir(home.path().join(directory)).unwrap();
        }
        let found = versions(home.path()).unwrap();
        assert_eq!(found, ["1.9.0", "1.10.0"].map(version));
        let error = Lock::read(home.path(), &found[0]).unwrap_err();
        assert_eq!(error.failure, Failure::Unjudged);
        assert!(error.to_string().contains("1.9.0/digest"), "{error}");
        let digest = home.path().join("1.9.0/digest");
        fs::write(&digest, vec![b'x'; 5000]).unwrap();
        let error = Lock::read(home.path(), &found[0]).unwrap_err();
        assert!(error.to_string().contains("larger"), "{error}");
        fs::create_dir(home.path().join("v1")).unwrap();
        let error = versions(home.path()).unwrap_err();
        assert_eq!(error.failure, Failure::BadInput);
        let none = DescriptorSet::parse(proto::DESCRIPTORS).unwrap();
        let error = Lock::freeze(version("1.0.0"), &none, &["nowhere.v1"]).unwrap_err();
        assert_eq!(error.failure, Failure::NothingSelected);
    }
}
