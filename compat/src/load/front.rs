//! Compilers of `.proto` text.

use super::link::{Linked, Linker};
use super::{LoadError, Sources, mend};
use crate::wire::{Reader, Value, put};
use miette::Diagnostic;
use std::borrow::Cow;
use std::collections::HashSet;

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
        let mut linker = Linker::new(sources);
        for input in inputs {
            linker.open(input)?;
        }
        mark_imports(&linker.finish(), inputs)
    }
}

/// The files of `google/protobuf/` that every compiler brings along.
pub(crate) fn built_in(names: &[&str]) -> Result<Vec<u8>, LoadError> {
    let sources = Sources::default();
    let mut linker = Linker::new(&sources);
    for name in names {
        linker.open(name).map_err(|_| {
            LoadError::unjudged(format!("the import {name} is not in the descriptor set"))
        })?;
    }
    mark_imports(&linker.finish(), &[])
}

/// The text of a file that is written in a language known here; `None` where
/// there is no such file.
pub(super) fn text(sources: &Sources, name: &str) -> Result<Option<String>, LoadError> {
    let Some((root, bytes)) = sources.find(name)? else {
        return Ok(None);
    };
    let mut text = String::from_utf8(bytes)
        .map_err(|_| LoadError::bad("the file is no UTF-8").in_file(root.show(name)))?;
    // A mark of the encoding is no part of the text, nor a column.
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    if says_edition(&text) {
        return Err(LoadError::unjudged("the text names an edition")
            .hint(
                "compile it with protoc --include_imports --include_source_info \
                 --descriptor_set_out, or with buf build, and name the descriptor set",
            )
            .in_file(root.show(name)));
    }
    Ok(Some(text))
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

/// An error of the compiler with its place in a file.
pub(super) fn told(error: &impl Diagnostic, file: Option<&str>, sources: &Sources) -> LoadError {
    let mut told = LoadError::bad(error.to_string());
    if let Some(name) = file {
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

/// Marks every file that is no input, as buf images do, and mends what the
/// compiler writes otherwise than others.
fn mark_imports(linked: &Linked, inputs: &[String]) -> Result<Vec<u8>, LoadError> {
    let inputs: HashSet<&[u8]> = inputs.iter().map(String::as_bytes).collect();
    let mut marked = Vec::with_capacity(linked.set.len() + linked.set.len() / 64);
    let mut reader = Reader::new(&linked.set);
    while let Some((number, value)) = reader.next()? {
        let (1, Value::Bytes(file)) = (number, value) else {
            continue;
        };
        let mut bytes: &[u8] = &[];
        let mut inside = Reader::new(file);
        while let Some((number, value)) = inside.next()? {
            if let (1, Value::Bytes(name)) = (number, value) {
                bytes = name;
                break;
            }
        }
        let name = std::str::from_utf8(bytes).unwrap_or_default();
        let mut file = Cow::Borrowed(file);
        if let Some(said) = linked.imports.get(name) {
            file = said.restored(&file)?.into();
        }
        if inputs.contains(bytes) {
            if let Some(text) = linked.texts.get(name) {
                file = mend::mended(&file, text)?.into();
            }
        } else {
            put(file.to_mut(), 8042, Value::Bytes(&[8, 1]));
        }
        put(&mut marked, 1, Value::Bytes(&file));
    }
    Ok(marked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Failure, Root, Tree};
    use std::rc::Rc;

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

    #[test]
    fn what_is_seen_through_others_is_not_said_to_be_imported() {
        let sources = sources(&[
            (
                "a.proto",
                "import \"b.proto\"; message A { optional E e = 1; }",
            ),
            ("b.proto", "import \"f.proto\"; import public \"c.proto\";"),
            ("c.proto", "import public \"d.proto\";"),
            (
                "d.proto",
                "import public \"e.proto\"; import public \"f.proto\";",
            ),
            ("e.proto", "message E {}"),
            ("f.proto", "message F {}"),
        ]);
        let bytes = Protox.compile(&sources, &["a.proto".to_owned()]).unwrap();
        let set = crate::DescriptorSet::parse(&bytes).unwrap();
        let mut said: Vec<_> = set
            .files()
            .iter()
            .map(|file| {
                let mut public = Vec::new();
                let mut reader = Reader::new(file.bytes);
                while let Some((number, value)) = reader.next().unwrap() {
                    if let (10, Value::Varint(at)) = (number, value) {
                        public.push(at);
                    }
                }
                (file.path, file.dependencies.clone(), public)
            })
            .collect();
        said.sort_unstable();
        assert_eq!(
            said,
            [
                ("a.proto", vec!["b.proto"], vec![]),
                ("b.proto", vec!["f.proto", "c.proto"], vec![1]),
                ("c.proto", vec!["d.proto"], vec![0]),
                ("d.proto", vec!["e.proto", "f.proto"], vec![0, 1]),
                ("e.proto", vec![], vec![]),
                ("f.proto", vec![], vec![]),
            ]
        );
    }

    #[test]
    fn mistaken_imports_have_their_place() {
        for (files, place, words) in [
            (
                &[
                    ("a.proto", "import \"b.proto\";\nimport \"b.proto\";"),
                    ("b.proto", ""),
                ][..],
                ("here/a.proto", 2),
                "listed twice",
            ),
            (
                &[("a.proto", ""), ("b.proto", "\nimport \"b.proto\";")],
                ("here/b.proto", 2),
                "b.proto -> b.proto",
            ),
            (
                &[
                    ("a.proto", "import \"b.proto\";"),
                    ("b.proto", "\n\nimport \"a.proto\";"),
                ],
                ("here/b.proto", 3),
                "a.proto -> b.proto -> a.proto",
            ),
            // Behind a file that publishes nothing nobody sees anything.
            (
                &[
                    (
                        "a.proto",
                        "\nimport \"b.proto\"; message A { optional C c = 1; }",
                    ),
                    ("b.proto", "import \"c.proto\";"),
                    ("c.proto", "message C {}"),
                ],
                ("here/a.proto", 2),
                "'C' is not defined",
            ),
        ] {
            let inputs: Vec<String> = files.iter().map(|(path, _)| (*path).to_owned()).collect();
            let error = Protox.compile(&sources(files), &inputs).unwrap_err();
            assert_eq!(error.failure, Failure::BadInput);
            assert_eq!(
                (error.path.as_deref(), error.line),
                (Some(place.0), place.1),
                "{error}"
            );
            assert!(error.message.contains(words), "{error}");
        }
    }
}
