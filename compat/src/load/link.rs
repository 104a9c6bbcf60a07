//! Files of text with all that they import, linked one after the other.

use super::{LoadError, Sources, front, mend};
use crate::model::SET_BYTES;
use crate::wire::{Malformed, Reader, Value, put};
use prost_types::FileDescriptorProto;
use protox::file::{File, FileResolver, GoogleFileResolver};
use protox::prost_reflect::DescriptorPool;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// Names that files see through the public imports of others, together.
const SEEN: usize = 1 << 20;
/// Names of a round of imports that are told.
const ROUND: usize = 6;

/// What was linked.
#[derive(Default)]
pub(super) struct Linked {
    /// The bytes of the set.
    pub(super) set: Vec<u8>,
    /// Texts with spans to mend, by name.
    pub(super) texts: HashMap<String, String>,
    /// What files say of their imports where their bytes say something else,
    /// by name.
    pub(super) imports: HashMap<String, Said>,
}

/// The imports of a file as its text says them.
pub(super) struct Said {
    /// How many there are.
    count: usize,
    /// Which are public.
    public: Vec<i32>,
}

impl Said {
    /// The file with these imports and no more.
    pub(super) fn restored(&self, file: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut restored = Vec::with_capacity(file.len());
        let (mut reader, mut met) = (Reader::new(file), 0);
        while let Some((number, value)) = reader.next()? {
            if number != 3 {
                put(&mut restored, number, value);
                continue;
            }
            met += 1;
            if met <= self.count {
                put(&mut restored, number, value);
            }
            if met == self.count {
                for at in self.public.iter().filter_map(|at| u64::try_from(*at).ok()) {
                    put(&mut restored, 10, Value::Varint(at));
                }
            }
        }
        Ok(restored)
    }
}

/// Links each file after those that it imports. The way there is kept in a
/// list: a stranger's chain of imports may be longer than a stack is deep.
pub(super) struct Linker<'s> {
    sources: &'s Sources,
    pool: DescriptorPool,
    /// What was linked, and which files each shows to those that import it.
    shows: HashMap<Rc<str>, Vec<Rc<str>>>,
    seen: usize,
    bytes: usize,
    linked: Linked,
}

/// A file that waits for its imports.
struct Waiting {
    name: Rc<str>,
    descriptor: FileDescriptorProto,
    /// Empty where the file comes with the compiler.
    text: String,
    /// The import that is looked at next.
    next: usize,
}

impl<'s> Linker<'s> {
    pub(super) fn new(sources: &'s Sources) -> Self {
        Linker {
            sources,
            pool: DescriptorPool::new(),
            shows: HashMap::new(),
            seen: 0,
            bytes: 0,
            linked: Linked::default(),
        }
    }

    /// Links a file and all that it imports.
    pub(super) fn open(&mut self, input: &str) -> Result<(), LoadError> {
        if self.shows.contains_key(input) {
            return Ok(());
        }
        let Some(first) = self.read(input)? else {
            return Err(self.unfound(LoadError::bad(format!("there is no file {input}"))));
        };
        let mut names = HashSet::from([first.name.clone()]);
        let mut chain = vec![first];
        while let Some(file) = chain.last_mut() {
            let Some(import) = file.descriptor.dependency.get(file.next) else {
                let file = chain.pop().expect("it was looked at");
                names.remove(&file.name);
                self.link(file)?;
                continue;
            };
            let import = import.clone();
            file.next += 1;
            if self.shows.contains_key(import.as_str()) {
                continue;
            }
            if names.contains(import.as_str()) {
                return Err(self.round(&chain, &import));
            }
            let Some(next) = self.read(&import)? else {
                let missing = LoadError::bad(format!("import '{import}' not found"));
                return Err(self.unfound(self.at_import(missing, file)));
            };
            names.insert(next.name.clone());
            chain.push(next);
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Linked {
        // The pool, many times as large as the bytes, ends here.
        Linked {
            set: self.pool.encode_to_vec(),
            ..self.linked
        }
    }

    /// Reads and parses a file; `None` where there is none.
    fn read(&mut self, name: &str) -> Result<Option<Waiting>, LoadError> {
        let (file, text) = match front::text(self.sources, name)? {
            Some(text) => {
                self.bytes += text.len();
                if self.bytes > SET_BYTES {
                    let message = format!("all texts together are larger than {SET_BYTES} bytes");
                    return Err(LoadError::bad(message).in_file(self.sources.show(name)));
                }
                let parsed = File::from_source(name, &text);
                let told = |error: protox::Error| front::told(&error, error.file(), self.sources);
                (parsed.map_err(told)?, text)
            }
            None => match GoogleFileResolver::new().open_file(name) {
                Ok(file) => (file, String::new()),
                Err(_) => return Ok(None),
            },
        };
        let mut file = Waiting {
            name: name.into(),
            descriptor: file.into(),
            text,
            next: 0,
        };
        let imports = &file.descriptor.dependency;
        let mut met = HashSet::new();
        if let Some(twice) = imports.iter().position(|import| !met.insert(import)) {
            let message = format!("import '{}' was listed twice", imports[twice]);
            file.next = twice + 1;
            return Err(self.at_import(LoadError::bad(message), &file));
        }
        Ok(Some(file))
    }

    /// An error at the import of a file that was looked at last.
    fn at_import(&self, error: LoadError, file: &Waiting) -> LoadError {
        let error = error.in_file(self.sources.show(&file.name));
        let at = i32::try_from(file.next - 1).unwrap_or(i32::MAX);
        let info = file.descriptor.source_code_info.iter();
        let mut locations = info.flat_map(|info| &info.location);
        let location = locations.find(|location| location.path == [3, at]);
        match location.map(|location| location.span.as_slice()) {
            Some(&[line, column, ..]) => {
                let from_1 = |number: i32| u32::try_from(number).map_or(1, |number| number + 1);
                error.at(from_1(line), from_1(column))
            }
            _ => error,
        }
    }

    fn unfound(&self, error: LoadError) -> LoadError {
        error.hint(format!(
            "searched in {}; -I adds a root that is searched for imports",
            self.sources.searched()
        ))
    }

    /// The last file of a chain imports one that is in it.
    fn round(&self, chain: &[Waiting], import: &str) -> LoadError {
        let names = chain.iter().map(|file| file.name.as_ref());
        let mut names: Vec<&str> = names.skip_while(|name| *name != import).collect();
        if names.len() > ROUND {
            let last = names[names.len() - 1];
            names.truncate(ROUND - 2);
            names.extend(["…", last]);
        }
        names.push(import);
        let message = format!("the imports go round: {}", names.join(" -> "));
        let last = chain.last().expect("somebody imports it");
        self.at_import(LoadError::bad(message), last)
    }

    /// Links a file, after all that it imports.
    ///
    /// The pool follows public imports one step and no further, and goes the
    /// same ways again and again. So here each file imports whatever it sees,
    /// and publishes nothing; what it said is restored in the end.
    fn link(&mut self, mut file: Waiting) -> Result<(), LoadError> {
        let descriptor = &mut file.descriptor;
        let said = Said {
            count: descriptor.dependency.len(),
            public: std::mem::take(&mut descriptor.public_dependency),
        };
        let shows = self.shown(&descriptor.dependency, &said.public);
        let seen = self.seen_by(&descriptor.dependency);
        self.seen += shows.len() + seen.len();
        if self.seen > SEEN {
            let message = format!("public imports show more than {SEEN} files to others");
            return Err(LoadError::bad(message).in_file(self.sources.show(&file.name)));
        }
        if !said.public.is_empty() || !seen.is_empty() {
            let seen = seen.iter().map(ToString::to_string);
            descriptor.dependency.extend(seen);
            self.linked.imports.insert(file.name.to_string(), said);
        }
        let added = self.pool.add_file_descriptor_proto(file.descriptor);
        added.map_err(|error| {
            let error = error.with_source_code(&file.text);
            front::told(&error, error.file(), self.sources)
        })?;
        if mend::wants(&file.text) {
            let name = file.name.to_string();
            self.linked.texts.insert(name, file.text);
        }
        self.shows.insert(file.name, shows);
        Ok(())
    }

    /// What a file with these imports shows to those that import it.
    fn shown(&self, imports: &[String], public: &[i32]) -> Vec<Rc<str>> {
        let (mut shown, mut met) = (Vec::new(), HashSet::new());
        for at in public.iter().filter_map(|at| usize::try_from(*at).ok()) {
            let import = imports.get(at).map(String::as_str);
            if let Some((import, behind)) = import.and_then(|name| self.shows.get_key_value(name)) {
                let names = std::iter::once(import).chain(behind);
                shown.extend(names.filter(|name| met.insert(*name)).cloned());
            }
        }
        shown
    }

    /// What a file with these imports sees beside them.
    fn seen_by(&self, imports: &[String]) -> Vec<Rc<str>> {
        let behind = imports
            .iter()
            .filter_map(|import| self.shows.get(import.as_str()));
        let mut behind = behind.flatten().peekable();
        if behind.peek().is_none() {
            return Vec::new();
        }
        let mut met: HashSet<&str> = imports.iter().map(String::as_str).collect();
        behind.filter(|name| met.insert(name)).cloned().collect()
    }
}
