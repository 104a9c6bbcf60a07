//! Import roots: where the name in an `import` is looked up.

use super::tree::below;
use super::{LoadError, Tree};
use std::collections::HashMap;
use std::rc::Rc;

/// One import root: a folder of a tree.
#[derive(Debug, Clone)]
pub struct Root {
    /// The tree it is part of.
    pub tree: Rc<Tree>,
    /// The folder inside the tree, empty for the tree itself.
    pub folder: String,
    /// What the user would type before a path below it.
    pub shown: String,
    /// Paths below it whose files are no input.
    pub excludes: Vec<String>,
}

impl Root {
    /// The folder of a tree as a root.
    pub fn new(tree: Rc<Tree>, folder: impl Into<String>, shown: impl Into<String>) -> Self {
        Root {
            tree,
            folder: folder.into(),
            shown: shown.into(),
            excludes: Vec::new(),
        }
    }

    fn path(&self, name: &str) -> String {
        join(&self.folder, name)
    }

    /// The path of a file below this root as the user would type it.
    pub fn show(&self, name: &str) -> String {
        join(&self.shown, name)
    }
}

/// Joins two paths; a folder that is here adds nothing.
pub(crate) fn join(folder: &str, name: &str) -> String {
    match folder {
        "" | "." => name.to_owned(),
        _ if name.is_empty() => folder.to_owned(),
        _ if folder.ends_with('/') => format!("{folder}{name}"),
        _ => format!("{folder}/{name}"),
    }
}

/// Roots whose files are input, and roots that are searched for imports only.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Their files are input.
    pub roots: Vec<Root>,
    /// Searched after the roots.
    pub imports: Vec<Root>,
}

impl Sources {
    /// Every file of the roots by its name, with the root it stands under.
    pub fn inputs(&self) -> Result<Vec<(String, usize)>, LoadError> {
        let mut found: Vec<(String, usize)> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (at, root) in self.roots.iter().enumerate() {
            for name in root.tree.protos(&root.folder)? {
                let excluded = root.excludes.iter().any(|excluded| {
                    name == *excluded || below(&name, excluded).is_some_and(|_| excluded != ".")
                });
                if excluded {
                    continue;
                }
                if let Some(other) = seen.insert(name.clone(), at) {
                    let message = format!(
                        "{name} stands under two import roots, {} and {}",
                        self.roots[other].show(""),
                        root.show("")
                    );
                    return Err(LoadError::bad(message).in_file(root.show(&name)));
                }
                found.push((name, at));
            }
        }
        found.sort();
        Ok(found)
    }

    /// The text of a file: from the first root that has it.
    pub fn find(&self, name: &str) -> Result<Option<(&Root, Vec<u8>)>, LoadError> {
        for root in self.roots.iter().chain(&self.imports) {
            if let Some(bytes) = root.tree.read(&root.path(name))? {
                return Ok(Some((root, bytes)));
            }
        }
        Ok(None)
    }

    /// The path of a file as the user would type it.
    pub fn show(&self, name: &str) -> String {
        self.roots
            .iter()
            .chain(&self.imports)
            .find(|root| matches!(root.tree.read(&root.path(name)), Ok(Some(_))))
            .map_or_else(|| name.to_owned(), |root| root.show(name))
    }

    /// The roots for a message about what was searched.
    pub(crate) fn searched(&self) -> String {
        let shown: Vec<String> = self
            .roots
            .iter()
            .chain(&self.imports)
            .map(|root| match root.shown.as_str() {
                "" => ".".to_owned(),
                shown => shown.to_owned(),
            })
            .collect();
        shown.join(", ")
    }
}
