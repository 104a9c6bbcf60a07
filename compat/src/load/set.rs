//! What a name on the command line stands for, closed over its imports.

use super::front::built_in;
use super::sources::join;
use super::{Failure, FrontEnd, LoadError, Root, Sources, Tree, tree};
use crate::canon;
use crate::model::DescriptorSet;
use crate::wire::{Reader, Value};
use flate2::read::GzDecoder;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Bytes of a set after it was unpacked.
const UNPACKED: u64 = 512 << 20;
/// The first bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// What is to be loaded.
#[derive(Debug, Clone)]
pub enum Input {
    /// A directory, a `.proto` file or a descriptor set on the disk.
    Path(PathBuf),
    /// A descriptor set or buf image that somebody read, for example from
    /// stdin; it may be packed with gzip.
    Bytes(Vec<u8>),
    /// A folder or a `.proto` file of a tree.
    Tree {
        /// The tree.
        tree: Rc<Tree>,
        /// The folder or file, empty for the whole tree.
        path: String,
    },
}

/// Where roots are, beyond what the input itself says.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    /// The import roots inside the input, relative to it; empty lets its
    /// `buf.yaml` or `buf.work.yaml` say, or makes the input itself the root.
    pub inside: Vec<String>,
    /// Searched for imports only.
    pub imports: Vec<Root>,
}

/// A closed set: its bytes, and how its files are called by the user.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The set, or the image.
    pub bytes: Vec<u8>,
    /// The bytes as protobuf reads them where a part stands twice.
    merged: OnceCell<Vec<u8>>,
    /// The file the bytes were read from.
    origin: Option<String>,
    shown: HashMap<String, (String, usize)>,
    prefix: String,
}

impl Loaded {
    /// Reads the bytes.
    pub fn set(&self) -> Result<DescriptorSet<'_>, LoadError> {
        let bytes = self.merged.get().unwrap_or(&self.bytes);
        let read = match DescriptorSet::parse(bytes) {
            Err(error) if error.merged => canon::merged(bytes).and_then(|merged| {
                // Merged bytes have nothing to merge: this happens once.
                DescriptorSet::parse(self.merged.get_or_init(|| merged))
            }),
            Ok(set) if set.files().is_empty() => {
                Err(LoadError::bad("the descriptor set holds no file"))
            }
            read => read,
        };
        read.map_err(|error| match (&self.origin, &error.path) {
            (None, _) => error,
            (Some(origin), None) => error.in_file(origin.as_str()),
            // A path inside the set says less than the name of the set.
            (Some(origin), Some(inner)) => LoadError {
                message: format!("{inner}: {}", error.message),
                path: Some(origin.clone()),
                ..error
            },
        })
    }

    /// The path of a file as the user would type it.
    pub fn show<'p>(&'p self, name: &'p str) -> &'p str {
        self.shown.get(name).map_or(name, |(shown, _)| shown)
    }

    /// The same of a file that is no input, as if it stood under the first
    /// root.
    pub fn show_absent(&self, name: &str) -> String {
        match self.shown.get(name) {
            Some((shown, _)) => shown.clone(),
            None => join(&self.prefix, name),
        }
    }

    /// The import root an input stands under, by its place in the
    /// configuration.
    pub fn root(&self, name: &str) -> Option<usize> {
        self.shown.get(name).map(|(_, root)| *root)
    }
}

impl Input {
    /// Loads it: text is compiled, bytes are read by [`Loaded::set`].
    pub fn load(&self, roots: &Roots, front: &dyn FrontEnd) -> Result<Loaded, LoadError> {
        match self {
            Input::Bytes(bytes) => from_bytes(bytes.clone()),
            Input::Tree { tree, path } => from_tree(tree, path, path, roots, front),
            Input::Path(path) => from_path(path, roots, front),
        }
    }
}

fn from_path(path: &Path, roots: &Roots, front: &dyn FrontEnd) -> Result<Loaded, LoadError> {
    let shown = path.display().to_string();
    if path.is_dir() {
        let tree = Rc::new(Tree::Directory(path.to_owned()));
        return from_tree(&tree, "", &shown, roots, front);
    }
    if !path.exists() {
        return Err(
            LoadError::new(Failure::Usage, "there is no such file or directory").in_file(shown),
        );
    }
    if path
        .extension()
        .is_none_or(|extension| extension != "proto")
    {
        let bytes = tree::read(path, UNPACKED).map_err(|error| {
            if path.is_file() {
                error
            } else {
                error.hint("- reads a descriptor set from stdin")
            }
        })?;
        return match from_bytes(bytes) {
            Ok(loaded) => Ok(Loaded {
                origin: Some(shown),
                ..loaded
            }),
            Err(error) => Err(error.in_file(shown)),
        };
    }
    let root = longest_root(path, &roots.imports);
    let name = path.strip_prefix(&root).unwrap_or(path);
    let name = name.display().to_string();
    let shown = root.display().to_string();
    let tree = Rc::new(Tree::Directory(if shown.is_empty() {
        PathBuf::from(".")
    } else {
        root
    }));
    let sources = Sources {
        roots: vec![Root::new(tree, "", shown)],
        imports: roots.imports.clone(),
    };
    compile(&sources, vec![(name, 0)], front)
}

/// The longest import root above a file, or its own directory.
fn longest_root(path: &Path, imports: &[Root]) -> PathBuf {
    imports
        .iter()
        .filter_map(|root| match root.tree.as_ref() {
            Tree::Directory(directory) => Some(directory.join(&root.folder)),
            Tree::Memory(_) => None,
        })
        .filter(|root| path.starts_with(root))
        .max_by_key(|root| root.components().count())
        .unwrap_or_else(|| path.parent().unwrap_or(Path::new("")).to_owned())
}

fn from_tree(
    tree: &Rc<Tree>,
    path: &str,
    shown: &str,
    roots: &Roots,
    front: &dyn FrontEnd,
) -> Result<Loaded, LoadError> {
    let mut sources = Sources {
        roots: Vec::new(),
        imports: roots.imports.clone(),
    };
    if Path::new(path)
        .extension()
        .is_some_and(|end| end == "proto")
    {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let above = shown.rsplit_once('/').map_or("", |(above, _)| above);
        sources.roots.push(Root::new(tree.clone(), folder, above));
        return compile(&sources, vec![(name.to_owned(), 0)], front);
    }
    if !tree.has_folder(path) {
        return Err(LoadError::new(Failure::Usage, "there is no such directory").in_file(shown));
    }
    if roots.inside.is_empty() {
        for (folder, excludes) in crate::bufyaml::roots(tree, path)? {
            let mut root = Root::new(tree.clone(), join(path, &folder), join(shown, &folder));
            root.excludes = excludes;
            sources.roots.push(root);
        }
    } else {
        for folder in &roots.inside {
            let root = Root::new(tree.clone(), join(path, folder), join(shown, folder));
            sources.roots.push(root);
        }
    }
    let inputs = sources.inputs()?;
    if inputs.is_empty() {
        return Err(
            LoadError::new(Failure::BadInput, "there is no .proto file below it").in_file(shown),
        );
    }
    compile(&sources, inputs, front)
}

fn compile(
    sources: &Sources,
    inputs: Vec<(String, usize)>,
    front: &dyn FrontEnd,
) -> Result<Loaded, LoadError> {
    let mut loaded = Loaded {
        prefix: sources.roots[0].shown.clone(),
        ..Loaded::default()
    };
    let mut names = Vec::with_capacity(inputs.len());
    for (name, root) in inputs {
        let shown = sources.roots[root].show(&name);
        loaded.shown.insert(name.clone(), (shown, root));
        names.push(name);
    }
    loaded.bytes = front.compile(sources, &names)?;
    Ok(loaded)
}

fn from_bytes(mut bytes: Vec<u8>) -> Result<Loaded, LoadError> {
    if bytes.starts_with(&GZIP) {
        let mut unpacked = Vec::new();
        GzDecoder::new(bytes.as_slice())
            .take(UNPACKED + 1)
            .read_to_end(&mut unpacked)
            .map_err(|error| LoadError::bad(format!("cannot be unpacked: {error}")))?;
        bytes = unpacked;
    }
    if bytes.is_empty() {
        return Err(LoadError::bad("the descriptor set is empty"));
    }
    supply(&mut bytes)?;
    Ok(Loaded {
        bytes,
        ..Loaded::default()
    })
}

/// Appends the files of `google/protobuf/` that the set imports and lacks.
fn supply(bytes: &mut Vec<u8>) -> Result<(), LoadError> {
    let mut present = HashSet::new();
    let mut wanted = HashSet::new();
    let mut reader = Reader::new(bytes);
    while let Some((number, value)) = reader.next()? {
        let (1, Value::Bytes(file)) = (number, value) else {
            continue;
        };
        let mut inside = Reader::new(file);
        while let Some((number, value)) = inside.next()? {
            match (number, value) {
                (1, Value::Bytes(name)) => drop(present.insert(name)),
                (3, Value::Bytes(name)) if name.starts_with(b"google/protobuf/") => {
                    wanted.insert(name);
                }
                _ => {}
            }
        }
    }
    let mut missing: Vec<&str> = wanted
        .difference(&present)
        .filter_map(|name| std::str::from_utf8(name).ok())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort_unstable();
    let supplied = built_in(&missing)?;
    let mut more = Vec::new();
    let mut reader = Reader::new(&supplied);
    while let Some((number, value)) = reader.next()? {
        let Value::Bytes(file) = value else { continue };
        let mut inside = Reader::new(file);
        // The name comes first: these bytes are our own compiler's.
        if let Some((1, Value::Bytes(name))) = inside.next()?
            && !present.contains(name)
        {
            crate::wire::put(&mut more, number, value);
        }
    }
    bytes.extend_from_slice(&more);
    Ok(())
}
