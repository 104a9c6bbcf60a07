//! Compilers of `.proto` text.

use super::{LoadError, Sources, mend};
use crate::wire::{Reader, Value, put};
use miette::Diagnostic;
use protox::Compiler;
use protox::file::{File, FileResolver, GoogleFileResolver};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;

/// Turns text into the bytes of a descriptor set: the inputs with everything
/// they import, source info included, imports marked as buf images mark them.
pub trait FrontEnd {
    /// Compiles the named files.
    fn compile(&self, sources: &Sources, inputs: &[String]) -> Result<Vec<u8>, LoadError>;
}

/// The front end for proto2 and proto3.
#[derive(Debug, Clone, Copy, Default)]
pub struct Protox;

impl FrontEnd for Protox {
    fn compile(&self, sources: &Sources, inputs: &[String]) -> Result<Vec<u8>, LoadError> {
        let own = Rc::new(RefCell::new(None));
        let texts = Rc::new(RefCell::new(HashMap::new()));
        let mut compiler = Compiler::with_file_resolver(Resolver {
            sources: sources.clone(),
            own: own.clone(),
            texts: texts.clone(),
        });
        // Both together keep the bytes as they were encoded first.
        compiler.include_imports(true).include_source_info(true);
        for input in inputs {
            compiler
                .open_file(input)
                .map_err(|error| own.take().unwrap_or_else(|| told(&error, sources)))?;
        }
        let texts = texts.take();
        let set = compiler.encode_file_descriptor_set();
        // Its tables are many times as large as the bytes that are copied next.
        drop(compiler);
        mark_imports(&set, inputs, &texts)
    }
}

/// The files of `google/protobuf/` that every compiler brings along.
pub(crate) fn built_in(names: &[&str]) -> Result<Vec<u8>, LoadError> {
    let mut compiler = Compiler::with_file_resolver(GoogleFileResolver::new());
    compiler.include_imports(true).include_source_info(true);
    for name in names {
        compiler.open_file(name).map_err(|_| {
            LoadError::unjudged(format!("the import {name} is not in the descriptor set"))
        })?;
    }
    mark_imports(&compiler.encode_file_descriptor_set(), &[], &HashMap::new())
}

struct Resolver {
    sources: Sources,
    /// Our own error: the compiler passes its text on, but not what it is.
    own: Rc<RefCell<Option<LoadError>>>,
    /// Texts with spans to mend, by name.
    texts: Rc<RefCell<HashMap<String, String>>>,
}

impl Resolver {
    fn refuse(&self, error: LoadError) -> protox::Error {
        let told = protox::Error::new(error.clone());
        self.own.replace(Some(error));
        told
    }
}

impl FileResolver for Resolver {
    fn resolve_path(&self, path: &Path) -> Option<String> {
        path.to_str().map(str::to_owned)
    }

    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match self
            .sources
            .find(name)
            .map_err(|error| self.refuse(error))?
        {
            None => GoogleFileResolver::new().open_file(name),
            Some((root, bytes)) => {
                let mut text = String::from_utf8(bytes).map_err(|_| {
                    let error = LoadError::bad("the file is no UTF-8");
                    self.refuse(error.in_file(root.show(name)))
                })?;
                // A mark of the encoding is no part of the text, nor a column.
                if text.starts_with('\u{feff}') {
                    text.drain(..'\u{feff}'.len_utf8());
                }
                if says_edition(&text) {
                    let error = LoadError::unjudged("the text names an edition")
                        .hint(
                            "compile it with protoc --include_imports --include_source_info \
                             --descriptor_set_out, or with buf build, and name the descriptor set",
                        )
                        .in_file(root.show(name));
                    return Err(self.refuse(error));
                }
                let file = File::from_source(name, &text);
                if mend::wants(&text) {
                    self.texts.borrow_mut().insert(name.to_owned(), text);
                }
                file
            }
        }
    }
}

/// Whether the first statement of a text is `edition = …`.
fn says_edition(text: &str) -> bool {
    let mut rest = text.trim_start();
    loop {
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, rest)| rest);
        } else {
            break;
        }
        rest = rest.trim_start();
    }
    rest.strip_prefix("edition")
        .is_some_and(|rest| rest.trim_start().starts_with('='))
}

/// The compiler's error with its place.
fn told(error: &protox::Error, sources: &Sources) -> LoadError {
    let mut told = LoadError::bad(error.to_string());
    if error.is_file_not_found() {
        told = told.hint(format!(
            "searched in {}; -I adds a root that is searched for imports",
            sources.searched()
        ));
    }
    if let Some(name) = error.file() {
        told = told.in_file(sources.show(name));
    }
    let label = error.labels().and_then(|mut labels| labels.next());
    if let (Some(label), Some(code)) = (label, error.source_code())
        && let Ok(span) = code.read_span(label.inner(), 0, 0)
    {
        let place = |count: usize| u32::try_from(count + 1).unwrap_or(u32::MAX);
        told = told.at(place(span.line()), place(span.column()));
    }
    told
}

/// Marks every file that is no input, as buf images do, and mends spans.
fn mark_imports(
    set: &[u8],
    inputs: &[String],
    texts: &HashMap<String, String>,
) -> Result<Vec<u8>, LoadError> {
    let inputs: HashSet<&[u8]> = inputs.iter().map(String::as_bytes).collect();
    let mut marked = Vec::with_capacity(set.len() + set.len() / 64);
    let mut reader = Reader::new(set);
    while let Some((number, value)) = reader.next()? {
        let (1, Value::Bytes(file)) = (number, value) else {
            continue;
        };
        let mut name: &[u8] = &[];
        let mut inside = Reader::new(file);
        while let Some((number, value)) = inside.next()? {
            if let (1, Value::Bytes(bytes)) = (number, value) {
                name = bytes;
                break;
            }
        }
        if inputs.contains(name) {
            let text = std::str::from_utf8(name)
                .ok()
                .and_then(|name| texts.get(name));
            match text {
                Some(text) => put(&mut marked, 1, Value::Bytes(&mend::mended(file, text)?)),
                None => put(&mut marked, 1, Value::Bytes(file)),
            }
        } else {
            let mut import = file.to_vec();
            put(&mut import, 8042, Value::Bytes(&[8, 1]));
            put(&mut marked, 1, Value::Bytes(&import));
        }
    }
    Ok(marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Failure, Root, Tree};

    fn sources(files: &[(&str, &str)]) -> Sources {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        let tree = Rc::new(Tree::Memory(files.collect()));
        Sources {
            roots: vec![Root::new(tree, "", "here")],
            imports: Vec::new(),
        }
    }

    #[test]
    fn imports_are_marked_and_built_in_ones_found() {
        let sources = sources(&[
            (
                "a.proto",
                "syntax = \"proto3\"; import \"b.proto\"; import \"google/protobuf/any.proto\"; message A { B b = 1; google.protobuf.Any c = 2; }",
            ),
            ("b.proto", "syntax = \"proto3\"; message B {}"),
        ]);
        let bytes = Protox.compile(&sources, &["a.proto".to_owned()]).unwrap();
        let set = crate::DescriptorSet::parse(&bytes).unwrap();
        let mut imports: Vec<_> = set
            .files()
            .iter()
            .map(|file| (file.path, file.is_import))
            .collect();
        imports.sort_unstable();
        assert_eq!(
            imports,
            [
                ("a.proto", false),
                ("b.proto", true),
                ("google/protobuf/any.proto", true)
            ]
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_text() {
        let text = "\u{feff}syntax = \"proto3\"; message A {}";
        let bytes = Protox
            .compile(&sources(&[("a.proto", text)]), &["a.proto".to_owned()])
            .unwrap();
        let plain = sources(&[("a.proto", text.trim_start_matches('\u{feff}'))]);
        assert_eq!(
            bytes,
            Protox.compile(&plain, &["a.proto".to_owned()]).unwrap()
        );
    }

    #[test]
    fn errors_have_their_place() {
        let broken = sources(&[("a.proto", "syntax = \"proto3\";\nmessage A { int32 }\n")]);
        let error = Protox
            .compile(&broken, &["a.proto".to_owned()])
            .unwrap_err();
        assert_eq!(error.failure, Failure::BadInput);
        assert_eq!(error.path.as_deref(), Some("here/a.proto"));
        assert_eq!(error.line, 2);

        let missing = sources(&[("a.proto", "syntax = \"proto3\";\nimport \"b.proto\";\n")]);
        let error = Protox
            .compile(&missing, &["a.proto".to_owned()])
            .unwrap_err();
        assert_eq!((error.failure, error.line), (Failure::BadInput, 2));
        assert!(error.hint.unwrap().contains("here"));

        let edition = sources(&[("a.proto", "// x\nedition = \"2023\";\n")]);
        let error = Protox
            .compile(&edition, &["a.proto".to_owned()])
            .unwrap_err();
        assert_eq!(error.failure, Failure::Unjudged);
    }
}
