//! From a REF of the command line to a closed set.

use super::git;
use crate::args::CompatCheck;
use crate::config;
use compat::load::{Failure, Input, LoadError, Loaded, Protox, Root, Roots, Tree};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Bytes of a set from stdin.
const STDIN: u64 = 512 << 20;

/// What section `[compat]` of the configuration says.
struct Project {
    /// The directory of the file, or the working directory.
    directory: PathBuf,
    roots: Option<Vec<String>>,
    imports: Vec<PathBuf>,
}

impl Project {
    fn find() -> Result<Self, LoadError> {
        // The text is ready to be shown, and so is this error's.
        let bad =
            |text: String| LoadError::new(Failure::BadInput, text.trim_start_matches("error: "));
        let config = config::find(None).map_err(bad)?;
        Ok(match config {
            None => Project {
                directory: PathBuf::new(),
                roots: None,
                imports: Vec::new(),
            },
            Some(config) => Project {
                directory: config.path.parent().unwrap_or(Path::new("")).to_owned(),
                roots: config.text.compat.proto,
                imports: config.text.compat.imports,
            },
        })
    }

    fn roots(&self) -> Vec<String> {
        self.roots
            .clone()
            .unwrap_or_else(|| vec!["proto".to_owned()])
    }
}

/// The new side, and what it is called.
pub(super) fn new(args: &CompatCheck) -> Result<(Loaded, String), LoadError> {
    if let Some(named) = &args.new {
        return Ok((load(args, named)?, named.clone()));
    }
    let project = Project::find()?;
    let roots = Roots {
        inside: project.roots(),
        imports: imports(args, &project, None),
    };
    let tree = Rc::new(Tree::Directory(
        if project.directory.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            project.directory.clone()
        },
    ));
    let missing = roots.inside.iter().find(|root| !tree.has_folder(root));
    if let Some(missing) = missing {
        return Err(LoadError::new(Failure::Usage, "there is no such directory")
            .in_file(missing)
            .hint("--new names what is judged"));
    }
    let shown = roots.inside.join(", ");
    let input = Input::Tree {
        tree,
        path: String::new(),
    };
    Ok((input.load(&roots, &Protox)?, shown))
}

/// The old side.
pub(super) fn old(args: &CompatCheck, named: &str) -> Result<Loaded, LoadError> {
    load(args, named)
}

fn load(args: &CompatCheck, named: &str) -> Result<Loaded, LoadError> {
    if named == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .lock()
            .take(STDIN)
            .read_to_end(&mut bytes)
            .map_err(|error| {
                LoadError::new(Failure::BadInput, format!("stdin cannot be read: {error}"))
            })?;
        return Input::Bytes(bytes).load(&Roots::default(), &Protox);
    }
    if let Some(rest) = named.strip_prefix("git:") {
        return from_git(args, rest);
    }
    let project = Project::find()?;
    let roots = Roots {
        inside: Vec::new(),
        imports: imports(args, &project, None),
    };
    Input::Path(PathBuf::from(named)).load(&roots, &Protox)
}

fn from_git(args: &CompatCheck, rest: &str) -> Result<Loaded, LoadError> {
    let (revision, path) = rest.split_once(':').unwrap_or((rest, ""));
    let path = path.trim_end_matches('/');
    let tree = Rc::new(git::tree(revision, path)?);
    let is_set = Path::new(path)
        .extension()
        .is_some_and(|end| end == "binpb" || end == "bin" || end == "gz");
    if is_set && let Some(bytes) = tree.read(path)? {
        return Input::Bytes(bytes).load(&Roots::default(), &Protox);
    }
    let project = Project::find()?;
    let mut inside = Vec::new();
    if path.is_empty() {
        let roots = project.roots();
        if roots.iter().all(|root| tree.has_folder(root)) {
            inside = roots;
        }
    }
    let roots = Roots {
        inside,
        imports: imports(args, &project, Some(&tree)),
    };
    let input = Input::Tree {
        tree,
        path: path.to_owned(),
    };
    input.load(&roots, &Protox)
}

/// Roots for imports only: of a revision, where it has the directory.
fn imports(args: &CompatCheck, project: &Project, revision: Option<&Rc<Tree>>) -> Vec<Root> {
    let configured = project
        .imports
        .iter()
        .map(|path| project.directory.join(path));
    args.imports
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
