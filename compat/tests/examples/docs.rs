//! The examples in the texts of the rules, as trees of files.

use compat::Rule;
use compat::load::{FrontEnd, Protox, Root, Sources, Tree};
use std::collections::BTreeMap;
use std::rc::Rc;

pub(crate) type Files = BTreeMap<String, String>;

/// What examples may import.
const IMPORTS: [(&str, &str); 3] = [
    (
        "aperio/annotations/v1/options.proto",
        include_str!("../../../proto/aperio/annotations/v1/options.proto"),
    ),
    (
        "buf/validate/validate.proto",
        include_str!("../imports/buf/validate/validate.proto"),
    ),
    (
        "google/api/field_behavior.proto",
        include_str!("../imports/google/api/field_behavior.proto"),
    ),
];

/// The trees of one rule: old, then each that breaks and each that is allowed.
pub(crate) struct Example {
    pub(crate) old: Files,
    pub(crate) breaks: Vec<Files>,
    pub(crate) allowed: Vec<Files>,
    /// Messages that travel in the details of a status.
    pub(crate) status_details: Vec<String>,
    /// What readers see of each that breaks, where the text says so.
    pub(crate) effects: Vec<BTreeMap<String, String>>,
}

/// A block as a file: what it leaves out is added.
fn whole(text: &str) -> String {
    let mut head = String::new();
    if text.starts_with("edition =") {
        // Read as it is, by a compiler that knows editions.
        return text.replacen('\n', "\npackage p.v1;\n", 1);
    }
    if !text.contains("syntax =") {
        head.push_str("syntax = \"proto3\";\n");
    }
    if !text.lines().any(|line| line.starts_with("package ")) {
        head.push_str("package p.v1;\n");
    }
    let service = if text.contains("message M ") && !text.contains("service ") {
        "\nservice Example { rpc Call(M) returns (M); }\n"
    } else {
        ""
    };
    format!("{head}{text}{service}")
}

pub(crate) fn example(rule: &'static Rule) -> Example {
    let mut example = Example {
        old: Files::new(),
        breaks: Vec::new(),
        allowed: Vec::new(),
        status_details: Vec::new(),
        effects: Vec::new(),
    };
    let mut lines = rule.doc.lines();
    while let Some(line) = lines.next() {
        let Some(head) = line.trim().strip_prefix("```proto ") else {
            continue;
        };
        let text: Vec<&str> = lines
            .by_ref()
            .take_while(|line| line.trim() != "```")
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .collect();
        let mut words = head.split_whitespace();
        let says = words.next().unwrap();
        let mut effects = BTreeMap::new();
        let mut path = None;
        for word in words {
            match word.split_once('=') {
                Some((direction @ ("new_to_old" | "old_to_new"), effect)) => {
                    effects.insert(direction.to_owned(), effect.to_owned());
                }
                Some(("status_details", name)) => example.status_details.push(name.to_owned()),
                None => path = Some(word),
                Some(_) => panic!("{}: an example cannot say {word}", rule.id),
            }
        }
        let files = match says {
            "old" => &mut example.old,
            "breaks" | "allowed" => {
                let trees = if says == "breaks" {
                    &mut example.breaks
                } else {
                    &mut example.allowed
                };
                // A block with a path belongs to the tree above it.
                if path.is_none() {
                    trees.push(Files::new());
                    if says == "breaks" {
                        example.effects.push(effects);
                    }
                }
                trees.last_mut().unwrap()
            }
            other => panic!("{}: an example cannot be {other}", rule.id),
        };
        let path = path.unwrap_or("p/v1/a.proto").to_owned();
        files.insert(path, whole(&text.join("\n")));
    }
    assert!(!example.old.is_empty(), "{} has no example", rule.id);
    assert!(!example.breaks.is_empty(), "{} is never broken", rule.id);
    assert!(!example.allowed.is_empty(), "{} allows nothing", rule.id);
    example
}

/// A tree with what it imports.
#[allow(dead_code, reason = "the test `witness` hands it to protoc")]
pub(crate) fn with_imports(files: &Files) -> Files {
    let mut all = files.clone();
    for (path, text) in IMPORTS {
        let import = format!("import \"{path}\"");
        if files.values().any(|text| text.contains(&import)) {
            all.insert(path.to_owned(), text.to_owned());
        }
    }
    all
}

pub(crate) fn compiled(rule: &Rule, files: &Files) -> Vec<u8> {
    if files.values().any(|text| text.starts_with("edition =")) {
        return crate::protoc::committed(rule.id, files);
    }
    let names: Vec<String> = files.keys().cloned().collect();
    let files = files
        .iter()
        .map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    let imports = IMPORTS.iter();
    let imports = imports.map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
    let sources = Sources {
        roots: vec![Root::new(Rc::new(Tree::Memory(files.collect())), "", "")],
        imports: vec![Root::new(Rc::new(Tree::Memory(imports.collect())), "", "")],
    };
    Protox
        .compile(&sources, &names)
        .unwrap_or_else(|error| panic!("{}: {error}", rule.id))
}
