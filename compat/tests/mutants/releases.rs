//! The text of the interface at every minor, and of a next major.

use compat::load::{FrontEnd, Protox, Root, Sources, Tree};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Texts by path.
pub(crate) type Files = BTreeMap<String, String>;

macro_rules! texts {
    ($($path:literal),+ $(,)?) => {
        [$(($path, include_str!(concat!("../../../proto/", $path)))),+]
    };
}

/// The interface with everything it imports.
const NEWEST: [(&str, &str); 9] = texts![
    "aperio/annotations/v1/options.proto",
    "aperio/contracts/v1/events.proto",
    "aperio/plugin/v1/connector.proto",
    "aperio/plugin/v1/destination.proto",
    "aperio/plugin/v1/host.proto",
    "aperio/plugin/v1/plugin.proto",
    "aperio/plugin/v1/remediation.proto",
    "aperio/plugin/v1/types.proto",
    "cerebro/v1/primitives.proto",
];

/// Where the interface itself stands.
pub(crate) const HOME: &str = "aperio/plugin/v1/";

/// The text without what is marked with a later minor: the marks stand on the
/// line of an element, or on a line of their own inside its block.
pub(crate) fn release(minor: usize) -> Files {
    let mut files: Files = NEWEST
        .iter()
        .map(|(path, text)| {
            let text = if path.starts_with(HOME) {
                let lines: Vec<&str> = text.lines().collect();
                cut(&lines, minor).join("\n") + "\n"
            } else {
                (*text).to_owned()
            };
            ((*path).to_owned(), text)
        })
        .collect();
    drop_unused_enums(&mut files);
    files
}

/// How many blocks a line opens more than it closes.
fn depth(line: &str) -> i32 {
    let code = line.split("//").next().unwrap_or_default();
    // Braces inside a text are those of a pattern.
    let code = code.split('"').step_by(2);
    code.flat_map(str::chars)
        .map(|char| match char {
            '{' => 1,
            '}' => -1,
            _ => 0,
        })
        .sum()
}

fn cut<'t>(lines: &[&'t str], minor: usize) -> Vec<&'t str> {
    let mut kept = Vec::new();
    let mut at = 0;
    // Comments belong to what follows them.
    let mut comments = Vec::new();
    while let Some(line) = lines.get(at) {
        if line.trim_start().starts_with("//") {
            comments.push(*line);
            at += 1;
            continue;
        }
        let mut end = at + 1;
        let mut open = depth(line);
        while open > 0 {
            open += depth(lines[end]);
            end += 1;
        }
        let block = &lines[at..end];
        let comments = std::mem::take(&mut comments);
        if since(block).is_none_or(|since| since <= minor) {
            kept.extend(comments);
            if let [first, inside @ .., last] = block {
                kept.push(first);
                kept.extend(cut(inside, minor));
                kept.push(last);
            } else {
                kept.push(line);
            }
        }
        at = end;
    }
    kept
}

/// The minor that a line names, or a block on a line of its own.
fn since(block: &[&str]) -> Option<usize> {
    let mark = |line: &str| {
        let (_, rest) = line.split_once("_since) = \"1.")?;
        rest.split('"').next()?.parse().ok()
    };
    if let [line] = block {
        return mark(line);
    }
    let mut open = 0;
    block.iter().find_map(|line| {
        let own = open == 1 && line.trim_start().starts_with("option ");
        open += depth(line);
        own.then(|| mark(line)).flatten()
    })
}

/// An enum has no mark: one that nothing names came with what did.
fn drop_unused_enums(files: &mut Files) {
    let all: String = files.values().map(String::as_str).collect();
    for text in files.values_mut() {
        let lines: Vec<&str> = text.lines().collect();
        let unused = lines.iter().position(|line| {
            let name = line
                .strip_prefix("enum ")
                .and_then(|rest| rest.strip_suffix(" {"));
            // It names itself once.
            name.is_some_and(|name| all.matches(&format!(" {name} ")).count() == 1)
        });
        // One at most stands in a file.
        if let Some(mut start) = unused {
            let end = start + lines[start..].iter().position(|line| *line == "}").unwrap() + 1;
            while start > 0 && lines[start - 1].starts_with("//") {
                start -= 1;
            }
            *text = [&lines[..start], &lines[end..]].concat().join("\n") + "\n";
        }
    }
}

/// A major that breaks with 1.2: made by edits of its text, without marks,
/// in its own package or still in the old one.
pub(crate) fn next_major(renamed: bool, edits: &[super::table::Edit]) -> Files {
    let mut files = release(2);
    for edit in edits {
        edit.make(&mut files);
    }
    let unmarked = |(path, text): (String, String)| {
        if !path.starts_with(HOME) {
            return (path, text);
        }
        let text: String = text.lines().filter_map(unmarked).collect();
        if renamed {
            let text = text.replace("aperio.plugin.v1;", "aperio.plugin.v2;");
            let text = text.replace("aperio/plugin/v1/", "aperio/plugin/v2/");
            (path.replace("/v1/", "/v2/"), text)
        } else {
            (path, text)
        }
    };
    files.into_iter().map(unmarked).collect()
}

/// A line without its mark of when it came.
fn unmarked(line: &str) -> Option<String> {
    let Some((before, rest)) = line.split_once("_since) = \"1.") else {
        return Some(format!("{line}\n"));
    };
    let (before, _) = before.rsplit_once("(aperio.annotations.v1.")?;
    if before.trim_start().starts_with("option ") {
        return None;
    }
    let (_, rest) = rest.split_once('"')?;
    let rest = rest.strip_prefix(", ").unwrap_or(rest);
    let line = format!("{before}{rest}").replace(" []", "");
    Some(line.replace(", ]", "]") + "\n")
}

/// Compiles texts; everything in them is judged.
pub(crate) fn compiled(files: &Files) -> Vec<u8> {
    let names: Vec<String> = files.keys().cloned().collect();
    let texts = files
        .iter()
        .map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    let sources = Sources {
        roots: vec![Root::new(Rc::new(Tree::Memory(texts.collect())), "", "")],
        imports: Vec::new(),
    };
    Protox.compile(&sources, &names).unwrap()
}
