//! The pairs of the table, and the schemas of all tests here.

use compat::load::{FrontEnd, Protox, Root, Sources, Tree};
use compat::witness::{Profile, compare, decode, encode, hex, json};
use compat::{DescriptorSet, Era, World};
use libtest_mimic::Failed;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub(crate) type Files = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Table {
    pair: Vec<PairOfTypes>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PairOfTypes {
    change: String,
    old: String,
    new: String,
    writer: Option<String>,
    pub(crate) bytes: String,
    spec: String,
    prost: String,
    kept: Option<String>,
    again: Option<String>,
    effect: String,
}

impl PairOfTypes {
    pub(crate) fn writer(&self) -> Era {
        match self.writer.as_deref() {
            Some("new") => Era::New,
            _ => Era::Old,
        }
    }

    pub(crate) fn reader(&self) -> Era {
        self.writer().other()
    }
}

pub(crate) fn table() -> Result<Vec<PairOfTypes>, Failed> {
    let table: Table = toml::from_str(include_str!("pairs.toml"))?;
    Ok(table.pair)
}

/// The package of a pair.
pub(crate) fn package(at: usize) -> String {
    format!("c{at:02}")
}

const ZOO: [(&str, &str); 3] = [
    ("zoo/two.proto", include_str!("zoo/two.proto")),
    ("zoo/three.proto", include_str!("zoo/three.proto")),
    ("zoo/edition.proto", include_str!("zoo/edition.proto")),
];

/// Types that random messages are made of.
pub(crate) const ANIMALS: [&str; 3] = ["zoo.two.Animal", "zoo.three.Animal", "zoo.edition.Animal"];

/// All files of one side.
pub(crate) fn files(era: Era) -> Result<Files, Failed> {
    let mut files: Files = ZOO
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .into();
    for (at, pair) in table()?.iter().enumerate() {
        let text = match era {
            Era::Old => &pair.old,
            Era::New => &pair.new,
        };
        let (head, rest) = match text.split_once(";\n") {
            Some((head, rest)) if head.ends_with('"') => (head, rest),
            _ => ("syntax = \"proto3\"", text.as_str()),
        };
        let package = package(at);
        let text = format!("{head};\npackage {package};\n{rest}\n");
        files.insert(format!("{package}.proto"), text);
    }
    Ok(files)
}

/// Those that only protoc reads.
pub(crate) fn editions(files: &Files) -> Files {
    let files = files.iter();
    let editions = files.filter(|(_, text)| text.starts_with("edition"));
    editions
        .map(|(path, text)| (path.clone(), text.clone()))
        .collect()
}

/// Where the descriptors of editions are kept.
pub(crate) fn committed(era: Era) -> PathBuf {
    let name = match era {
        Era::Old => "old.binpb",
        Era::New => "new.binpb",
    };
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/witness/editions");
    place.join(name)
}

/// The descriptors of one side, made without the oracle.
pub(crate) fn descriptors(era: Era) -> Result<Vec<u8>, Failed> {
    let files = files(era)?;
    let editions = editions(&files);
    let plain = files
        .into_iter()
        .filter(|(path, _)| !editions.contains_key(path));
    let mut bytes = compiled(&plain.collect())?;
    bytes.extend(std::fs::read(committed(era))?);
    Ok(bytes)
}

pub(crate) fn compiled(files: &Files) -> Result<Vec<u8>, Failed> {
    let names: Vec<String> = files.keys().cloned().collect();
    let texts = files
        .iter()
        .map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    let tree = Rc::new(Tree::Memory(texts.collect()));
    let sources = Sources {
        roots: vec![Root::new(tree, "", "")],
        imports: Vec::new(),
    };
    Ok(Protox.compile(&sources, &names)?)
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

/// Every row by ours.
pub(crate) fn all() -> Result<(), Failed> {
    let (old, new) = (descriptors(Era::Old)?, descriptors(Era::New)?);
    let (old, new) = (DescriptorSet::parse(&old)?, DescriptorSet::parse(&new)?);
    let world = World::new(&old, &new);
    let mut wrong = String::new();
    for (at, pair) in table()?.iter().enumerate() {
        for said in disagreements(&world, at, pair)? {
            wrong.push_str(&format!("{}: {said}\n", pair.change));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.into())
    }
}

fn disagreements(world: &World<'_>, at: usize, pair: &PairOfTypes) -> Result<Vec<String>, Failed> {
    let (from, to) = (world.set(pair.writer()), world.set(pair.reader()));
    let name = format!("{}.M", package(at));
    let message = |set: &DescriptorSet<'_>| set.find_message(&name).ok_or("no such message");
    let bytes = unhex(&pair.bytes);
    let meant = decode(from, message(from)?, &bytes, Profile::Spec)?;
    let mut wrong = Vec::new();
    let mut worst = "";
    let mut effects = Vec::new();
    for (profile, expected) in [(Profile::Spec, &pair.spec), (Profile::Prost, &pair.prost)] {
        let read = decode(to, message(to)?, &bytes, profile);
        let said = match &read {
            Ok(read) => json(to, read),
            Err(_) => Value::from("error"),
        };
        let expected = match expected.as_str() {
            "error" => Value::from("error"),
            text => serde_json::from_str(text)?,
        };
        if said != expected {
            wrong.push(format!("{} reads {said}, not {expected}", profile.name()));
        }
        effects.push(match &read {
            Ok(read) => compare(world, pair.writer(), &meant, read),
            Err(_) => compat::effect::Effect::Rejected,
        });
        if let (Ok(read), Profile::Spec) = (read, profile) {
            let (kept, again) = (hex(&read.unknown), hex(&encode(to, &read)));
            if kept != pair.kept.as_deref().unwrap_or("") {
                wrong.push(format!("{kept} is kept"));
            }
            if again != *pair.again.as_ref().unwrap_or(&pair.bytes) {
                wrong.push(format!("{again} is written again"));
            }
        }
    }
    if let Some(effect) = effects.iter().max() {
        worst = effect.name();
    }
    if worst != pair.effect {
        wrong.push(format!("the effect is {worst}, of {effects:?}"));
    }
    Ok(wrong)
}
