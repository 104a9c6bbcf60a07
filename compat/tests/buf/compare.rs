//! One run of buf over many cases, beside ours.

use super::cases::{Case, Files, Random, case};
use super::tool::{Buf, Line};
use compat::DescriptorSet;
use compat::buf::{Scope, check};
use compat::bufyaml::{Version, Workspace};
use compat::load::{FrontEnd, Input, LoadError, Loaded, Protox, Root, Roots, Sources, Tree};
use libtest_mimic::Failed;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::rc::Rc;

/// Every rule of version 2.
pub(crate) const ALL: &str =
    r#"{"version":"v2","breaking":{"use":["FILE","PACKAGE","WIRE_JSON","WIRE","CSR"]}}"#;

/// Cases of one pair of trees.
const TREE: usize = 250;

pub(crate) fn number(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

pub(crate) fn write(root: &Path, files: &Files) -> Result<(), Failed> {
    for (path, text) in files {
        let place = root.join(path);
        std::fs::create_dir_all(place.parent().unwrap())?;
        std::fs::write(place, text)?;
    }
    Ok(())
}

/// What is compared of a finding: where it is, and whose.
pub(crate) type Seen = (String, String, [u32; 4]);

pub(crate) fn seen(lines: Vec<Line>) -> Vec<Seen> {
    let mut seen: Vec<Seen> = lines
        .into_iter()
        .map(|line| {
            let span = [
                line.start_line,
                line.start_column,
                line.end_line,
                line.end_column,
            ];
            (line.path, line.r#type, span)
        })
        .collect();
    seen.sort();
    seen
}

/// What ours says of two inputs, as lines of JSON.
pub(crate) fn ours(
    new: &Path,
    old: &Path,
    workspace: &Workspace,
    scope: &Scope,
) -> Result<Vec<Line>, Failed> {
    let load = |path: &Path| -> Result<Loaded, Failed> {
        Ok(Input::Path(path.to_owned()).load(&Roots::default(), &Protox)?)
    };
    let (new, old) = (load(new)?, load(old)?);
    let (new_set, old_set) = (
        DescriptorSet::parse(&new.bytes)?,
        DescriptorSet::parse(&old.bytes)?,
    );
    let world = scope
        .world(&old_set, &new_set, &new)
        .ok_or("the paths match nothing")?;
    let outcome = check(&world, workspace, &new, &old);
    let lines = outcome.findings.iter().map(|finding| {
        let mut line: Line = serde_json::from_str(&finding.line()).unwrap();
        // Trees of text stand in a folder of their own.
        if let Some((_, path)) = line.path.split_once("/new/") {
            line.path = path.to_owned();
        }
        line
    });
    Ok(lines.collect())
}

/// A pair of trees that compile, and the cases in them.
pub(crate) struct Trees {
    pub(crate) home: tempfile::TempDir,
    pub(crate) cases: Vec<Case>,
}

/// Writes cases that buf can build: those it refuses are left out.
pub(crate) fn trees(
    buf: &Buf,
    seed: u64,
    numbers: std::ops::Range<usize>,
    syntaxes: usize,
) -> Result<Trees, Failed> {
    let mut random = Random::new(seed ^ (numbers.start as u64) << 20);
    let mut cases: Vec<Case> = numbers
        .map(|number| case(&mut random, number, syntaxes))
        .filter(|case| syntaxes > 2 || !has_editions(case))
        // What our own compiler refuses need not cost a start of buf.
        .filter(|case| has_editions(case) || [&case.old, &case.new].into_iter().all(compiles))
        .collect();
    let home = tempfile::tempdir()?;
    for _ in 0..40 {
        for side in ["old", "new"] {
            let root = home.path().join(side);
            if root.exists() {
                std::fs::remove_dir_all(&root)?;
            }
            std::fs::create_dir_all(&root)?;
            for case in &cases {
                write(&root, if side == "old" { &case.old } else { &case.new })?;
            }
        }
        let mut refused = BTreeSet::new();
        for side in ["old", "new"] {
            if let Err(lines) = buf.build(home.path(), side, &format!("{side}.binpb"))? {
                for line in lines {
                    let mut parts = line
                        .path
                        .split('/')
                        .skip_while(|part| *part != side)
                        .skip(1);
                    refused.insert(parts.next().unwrap_or_default().to_owned());
                }
            }
        }
        if refused.is_empty() {
            return Ok(Trees { home, cases });
        }
        let before = cases.len();
        cases.retain(|case| !refused.contains(case.folder.split('/').next().unwrap()));
        if cases.len() == before {
            return Err(format!("buf refuses what is no case: {refused:?}").into());
        }
    }
    Err("buf goes on refusing".into())
}

/// The findings of each case; those without a path by none.
fn by_case(seen: &[Seen]) -> BTreeMap<String, Vec<&Seen>> {
    let mut cases: BTreeMap<String, Vec<&Seen>> = BTreeMap::new();
    for each in seen {
        let case = each.0.split('/').next().unwrap_or_default().to_owned();
        cases.entry(case).or_default().push(each);
    }
    cases
}

pub(crate) fn differences(buf: &[Seen], ours: &[Seen], cases: &[Case]) -> String {
    let mut text = String::new();
    let (buf, ours) = (by_case(buf), by_case(ours));
    let names: BTreeSet<&String> = buf.keys().chain(ours.keys()).collect();
    for name in names {
        let mut missing = buf.get(name).cloned().unwrap_or_default();
        let mut extra = Vec::new();
        for each in ours.get(name).into_iter().flatten() {
            match missing.iter().position(|other| other == each) {
                Some(at) => drop(missing.remove(at)),
                None => extra.push(*each),
            }
        }
        if missing.is_empty() && extra.is_empty() {
            continue;
        }
        let case = cases
            .iter()
            .find(|case| case.folder.starts_with(&format!("{name}/")));
        let _ = writeln!(text, "{name}: {:#?}", case.map(|case| &case.edits));
        for each in missing {
            let _ = writeln!(text, "  buf alone:  {each:?}");
        }
        for each in extra {
            let _ = writeln!(text, "  ours alone: {each:?}");
        }
    }
    text
}

/// Text against text for what protox reads, images for every syntax.
pub(crate) fn seeded(buf: &Buf) -> Result<(), Failed> {
    let total = number("BUF_CASES", 2000);
    let seed = number("BUF_SEED", 1) as u64;
    let workspace = Workspace::parse(ALL, "all")?;
    let mut wrong = String::new();
    let (mut judged, mut findings) = (0, 0);
    let mut rules = BTreeSet::new();
    for (at, start) in (0..total).step_by(TREE).enumerate() {
        let text = at % 2 == 0;
        let numbers = start..(start + TREE).min(total);
        let trees = trees(buf, seed, numbers, if text { 2 } else { 4 })?;
        let home = trees.home.path();
        let mut inputs = vec![("new.binpb", "old.binpb")];
        if text {
            inputs.push(("new", "old"));
        }
        for (new, old) in inputs {
            let theirs = if new == "new" {
                // buf takes the working directory for the module.
                buf.breaking(&home.join(new), (".", "../old"), ALL, &[])?
            } else {
                buf.breaking(home, (new, old), ALL, &[])?
            };
            let theirs = seen(theirs);
            let ours = seen(ours(
                &home.join(new),
                &home.join(old),
                &workspace,
                &Scope::default(),
            )?);
            rules.extend(theirs.iter().map(|(_, rule, _)| rule.clone()));
            judged += trees.cases.len();
            findings += theirs.len();
            wrong.push_str(&differences(&theirs, &ours, &trees.cases));
        }
    }
    let silent = Version::V2.rules().map(|rule| rule.id);
    let silent: Vec<&str> = silent.filter(|id| !rules.contains(*id)).collect();
    eprintln!("{judged} cases judged, {findings} findings; never seen: {silent:?}");
    if findings < judged / 2 {
        return Err("the cases show too little".into());
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        let wrong: String = wrong.chars().take(20_000).collect();
        Err(wrong.into())
    }
}

fn has_editions(case: &Case) -> bool {
    let texts = case.old.values().chain(case.new.values());
    texts.into_iter().any(|text| text.starts_with("edition"))
}

fn compiles(files: &Files) -> bool {
    compiled(files).is_ok()
}

/// Files compiled in memory.
pub(crate) fn compiled(files: &Files) -> Result<Vec<u8>, LoadError> {
    let names: Vec<String> = files.keys().cloned().collect();
    let texts = files
        .iter()
        .map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    let tree = Rc::new(Tree::Memory(texts.collect()));
    let sources = Sources {
        roots: vec![Root::new(tree, "", "")],
        imports: Vec::new(),
    };
    Protox.compile(&sources, &names)
}
