//! From a REF of the command line to a closed set.

use super::project::{Project, carried};
use super::{git, talk};
use compat::load::{Failure, Input, LoadError, Loaded, Protox, Root, Roots, Tree, file};
use compat::version::{Version, Wanted, tag};
use compat::{DescriptorSet, Lock};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Bytes of a set from stdin.
const STDIN: u64 = 512 << 20;

/// What a REF stands for.
pub(super) struct Referenced {
    pub(super) loaded: Loaded,
    /// What it is called.
    pub(super) shown: String,
    /// Its version: of a lock, of a tag, or as the user says.
    pub(super) version: Option<Version>,
    /// The lock it is, if it is one.
    pub(super) lock: Option<Lock>,
}

impl Referenced {
    pub(super) fn set(&self) -> Result<DescriptorSet<'_>, LoadError> {
        let set = self.loaded.set();
        set.map_err(|error| error.in_file(self.shown.as_str()))
    }

    /// The digest of the comments, where nothing else is left of them.
    pub(super) fn comments(&self) -> Option<String> {
        let lock = self.lock.as_ref()?;
        match lock.commented() {
            Some(_) => None,
            None => Some(lock.digests()?.comments),
        }
    }
}

/// The new side: what is named, else the working tree.
pub(super) fn new(
    project: &Project,
    named: Option<&str>,
    imports: &[PathBuf],
) -> Result<Referenced, LoadError> {
    let lookup = Lookup { project, imports };
    match named {
        Some(named) => lookup.load(named),
        None => lookup.working_tree(),
    }
}

/// An old side, which may be told with its version: `1.1.0=REF`.
pub(super) fn base(
    project: &Project,
    named: &str,
    imports: &[PathBuf],
) -> Result<Referenced, LoadError> {
    let lookup = Lookup { project, imports };
    let told = named
        .split_once('=')
        .and_then(|(version, named)| Some((tag(version)?, named)));
    match told {
        None => lookup.load(named),
        Some((version, named)) => Ok(Referenced {
            version: Some(version),
            ..lookup.load(named)?
        }),
    }
}

/// A lock of the project.
pub(super) fn release(project: &Project, version: &Version) -> Result<Referenced, LoadError> {
    locked(project, &version.to_string(), project.read(version)?)
}

/// What a lock holds. One that was edited until nobody can read it is refused;
/// any other that nobody can read leaves it open what changed.
fn locked(project: &Project, named: &str, lock: Lock) -> Result<Referenced, LoadError> {
    let set = lock.commented().unwrap_or_else(|| lock.set.clone());
    let loaded = Input::Bytes(set)
        .load(&Roots::default(), &Protox)
        .and_then(|loaded| loaded.set().map(drop).map(|()| loaded));
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(error) => {
            let shown = project.released().join(lock.version.to_string());
            let shown = shown.display().to_string();
            lock.unedited(&shown)?;
            let message = format!("the lock cannot be read: {error}");
            return Err(LoadError::new(Failure::Unjudged, message).in_file(shown));
        }
    };
    Ok(Referenced {
        loaded,
        shown: named.to_owned(),
        version: Some(lock.version.clone()),
        lock: Some(lock),
    })
}

/// Where names are looked up.
struct Lookup<'p> {
    project: &'p Project,
    imports: &'p [PathBuf],
}

impl Lookup<'_> {
    fn working_tree(&self) -> Result<Referenced, LoadError> {
        let roots = Roots {
            inside: self.project.policy.proto.clone(),
            imports: self.import_roots(None),
        };
        let tree = Rc::new(Tree::Directory(self.project.place(".")));
        let missing = roots.inside.iter().find(|root| !tree.has_folder(root));
        if let Some(missing) = missing {
            return Err(LoadError::new(Failure::Usage, "there is no such directory")
                .in_file(missing)
                .hint("`proto` of section [compat] names what is judged, and so does --new"));
        }
        let shown = roots.inside.join(", ");
        let input = Input::Tree {
            tree,
            path: String::new(),
        };
        Ok(Referenced {
            loaded: input.load(&roots, &Protox)?,
            shown,
            version: self.project.policy.version.clone(),
            lock: None,
        })
    }

    fn load(&self, named: &str) -> Result<Referenced, LoadError> {
        let of = |loaded: Loaded, version: Option<Version>| Referenced {
            loaded,
            shown: named.to_owned(),
            version,
            lock: None,
        };
        if named == "-" {
            let mut bytes = Vec::new();
            // One byte more shows that it is too much.
            std::io::stdin()
                .lock()
                .take(STDIN + 1)
                .read_to_end(&mut bytes)
                .map_err(|error| {
                    LoadError::new(Failure::BadInput, format!("stdin cannot be read: {error}"))
                })?;
            return Ok(of(
                Input::Bytes(bytes).load(&Roots::default(), &Protox)?,
                None,
            ));
        }
        if let Some(rest) = named.strip_prefix("git:") {
            let revision = rest.split(':').next().unwrap_or_default();
            return Ok(of(self.git_revision(rest)?, tag(revision)));
        }
        if let Some(wanted) = Wanted::parse(named) {
            let is_path = file::is_there(Path::new(named));
            match self.released(&wanted)? {
                Some(lock) => {
                    if is_path {
                        talk(&format!(
                            "note: {named} is the released version; ./{named} is the directory"
                        ));
                    }
                    return locked(self.project, named, lock);
                }
                None if !is_path => return Err(self.not_released(named)),
                // A directory that is called so.
                None => {}
            }
        }
        let roots = Roots {
            inside: Vec::new(),
            imports: self.import_roots(None),
        };
        let input = Input::Path(PathBuf::from(named));
        Ok(of(input.load(&roots, &Protox)?, None))
    }

    /// A released version: of the project, else one that the program carries.
    fn released(&self, wanted: &Wanted) -> Result<Option<Lock>, LoadError> {
        if let Some(version) = wanted.newest(&self.project.versions()?) {
            return self.project.read(version).map(Some);
        }
        let mut carried = carried();
        let newest = wanted.newest(carried.iter().map(|lock| &lock.version));
        let at = newest.and_then(|newest| carried.iter().position(|lock| lock.version == *newest));
        Ok(at.map(|at| carried.swap_remove(at)))
    }

    fn not_released(&self, named: &str) -> LoadError {
        let own = self.project.versions().unwrap_or_default();
        let known: Vec<String> = if own.is_empty() {
            let carried = carried();
            carried
                .iter()
                .map(|lock| lock.version.to_string())
                .collect()
        } else {
            own.iter().map(ToString::to_string).collect()
        };
        LoadError::new(Failure::Usage, format!("{named} is not released"))
            .hint(format!("there are {}", known.join(", ")))
    }

    fn git_revision(&self, rest: &str) -> Result<Loaded, LoadError> {
        let (revision, path) = rest.split_once(':').unwrap_or((rest, ""));
        let path = path.trim_end_matches('/');
        let tree = Rc::new(git::tree(revision, path)?);
        if !path.is_empty() && !tree.has_folder(path) && tree.read(path)?.is_none() {
            return Err(git::unfound(revision, path));
        }
        let is_set = Path::new(path)
            .extension()
            .is_some_and(|end| end == "binpb" || end == "bin" || end == "gz");
        if is_set && let Some(bytes) = tree.read(path)? {
            return Input::Bytes(bytes).load(&Roots::default(), &Protox);
        }
        let mut inside = Vec::new();
        if path.is_empty() {
            let roots = &self.project.policy.proto;
            if roots.iter().all(|root| tree.has_folder(root)) {
                inside.clone_from(roots);
            }
        }
        let roots = Roots {
            inside,
            imports: self.import_roots(Some(&tree)),
        };
        let input = Input::Tree {
            tree,
            path: path.to_owned(),
        };
        input.load(&roots, &Protox)
    }

    /// Roots for imports only: of a revision, where it has the directory.
    fn import_roots(&self, revision: Option<&Rc<Tree>>) -> Vec<Root> {
        let configured = self.project.policy.imports.iter();
        let configured = configured.map(|path| self.project.place(path));
        self.imports
            .iter()
            .cloned()
            .chain(configured)
            .map(|path| {
                let shown = path.display().to_string();
                match revision {
                    Some(tree) if tree.has_folder(&shown) => {
                        Root::new(tree.clone(), shown.clone(), shown)
                    }
                    _ => Root::new(Rc::new(Tree::Directory(path)), "", shown),
                }
            })
            .collect()
    }
}
