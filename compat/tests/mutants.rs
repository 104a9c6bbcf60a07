//! One change of the interface at a time: what it asks of the release, and
//! what buf says of it; the planned minors, and a major.
//!
//! buf is the one of the test `buf`; without npm what needs it reports itself
//! ignored, and `REQUIRE_TOOLCHAINS=1` makes that a failure.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    reason = "a failed unwrap is a failed test"
)]

mod mutants {
    pub(crate) mod releases;
    pub(crate) mod table;
    pub(crate) mod verdict;
}

#[allow(dead_code, reason = "the test `fold` uses all of it")]
#[path = "fold/side.rs"]
mod side;

#[allow(dead_code, reason = "the test `buf` uses all of it")]
#[path = "buf/tool.rs"]
mod tool;

use compat::bufyaml::Workspace;
use compat::load::{Input, Loaded, Protox, Roots};
use compat::{Category, DescriptorSet, catalog};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mutants::releases::{Files, compiled, next_major, release};
use mutants::table::{self, Mutant};
use mutants::verdict::{CHANNELS, compare};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::ExitCode;
use tool::Buf;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = vec![
        Trial::test("texts_are_the_releases", texts_are_the_releases),
        Trial::test("every_change_asks_for_its_bump", every_change),
        Trial::test("minors_are_minor", minors_are_minor),
        Trial::test("a_major_is_major", a_major_is_major),
        Trial::test("ours_as_buf", || by_buf(None)),
        Trial::ignorable_test("the_real_buf", || match Buf::installed() {
            Ok(buf) => by_buf(Some(&buf)).map(|()| Completion::Completed),
            Err(why) if std::env::var_os("REQUIRE_TOOLCHAINS").is_none() => {
                Ok(Completion::ignored_with(why))
            }
            Err(why) => Err(why.into()),
        }),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The planned steps from minor to minor.
const MINORS: [(usize, usize); 3] = [(0, 1), (1, 2), (0, 2)];

fn conclude(wrong: &str) -> Result<(), Failed> {
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("\n{wrong}").into())
    }
}

/// The release that a change is made to, and what it makes of it.
fn sides(mutant: &Mutant) -> (Files, Files) {
    let old = release(mutant.base);
    let mut new = old.clone();
    for edit in &mutant.edits {
        edit.make(&mut new);
    }
    (old, new)
}

/// The texts declare what the descriptors of each minor do.
fn texts_are_the_releases() -> Result<(), Failed> {
    for minor in 0..=proto::INTERFACE_VERSION.1 {
        let bytes = compiled(&release(usize::try_from(minor)?));
        let set = DescriptorSet::parse(&bytes)?;
        let declared = |name: &str| set.find(name).is_some();
        let pool = proto::interface::at(minor).ok_or("the crate knows the minor")?;
        let shape = proto::interface::shape(&pool, |package| package == proto::interface::PACKAGE);
        let mut names = 0;
        for (name, text) in &shape {
            let is_type = matches!(text.as_str(), "message" | "enum" | "service");
            if is_type && !declared(name) {
                return Err(format!("the text of 1.{minor} has no {name}").into());
            }
            names += 1;
        }
        let home = |file: compat::model::FileId| set[file].package == proto::interface::PACKAGE;
        let entries = |message: &&compat::model::Message| home(message.file) && !message.map_entry;
        let messages = set.messages().iter().filter(entries);
        let messages: Vec<_> = messages.collect();
        let fields: usize = messages.iter().map(|message| message.fields.len()).sum();
        let enums = set.enums().iter().filter(|each| home(each.file));
        let (mut count, mut values) = (0, 0);
        for each in enums {
            count += 1;
            values += each.values.len();
        }
        let services = set.services().iter().filter(|service| home(service.file));
        let (mut served, mut methods) = (0, 0);
        for service in services {
            served += 1;
            methods += service.methods.len();
        }
        let all = messages.len() + fields + count + values + served + methods;
        if all != names {
            return Err(format!("the text of 1.{minor} declares {all}, not {names}").into());
        }
    }
    Ok(())
}

/// The versions of the planned minors, and of the one behind them.
const VERSIONS: [&str; 4] = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];

/// `verdict` and `wire` of the table, and the rules that decide.
fn every_change() -> Result<(), Failed> {
    let mut wrong = String::new();
    for mutant in table::mutants() {
        let (old, new) = sides(&mutant);
        let (base, declared) = (VERSIONS[mutant.base], VERSIONS[mutant.base + 1]);
        let all = compare(&CHANNELS, &old, &new, base, declared);
        let wire = compare(&CHANNELS[..1], &old, &new, base, declared);
        let rules = all.rules();
        let mut missing = mutant.rules.clone();
        missing.retain(|rule| !rules.contains(rule.as_str()));
        let said = [all.word(), wire.word()];
        if said != [mutant.verdict.as_str(), mutant.wire.as_str()] || !missing.is_empty() {
            wrong.push_str(&format!(
                "{}: {said:?}, without {missing:?}\n{}",
                mutant.change,
                all.told()
            ));
        }
    }
    conclude(&wrong)
}

/// Every planned minor adds and breaks nothing.
fn minors_are_minor() -> Result<(), Failed> {
    let mut wrong = String::new();
    for (old, new) in MINORS {
        let (base, declared) = (VERSIONS[old], VERSIONS[new]);
        let verdict = compare(&CHANNELS, &release(old), &release(new), base, declared);
        if verdict.word() != "minor" {
            let word = verdict.word();
            wrong.push_str(&format!("{base} to {declared}: {word}\n{}", verdict.told()));
        }
    }
    conclude(&wrong)
}

/// A major in a package of its own loses every service and is nothing to
/// refuse; in the old package it is a major too.
fn a_major_is_major() -> Result<(), Failed> {
    let (old, edits) = (release(2), table::next_major());
    let verdict = compare(&CHANNELS, &old, &next_major(true, &edits), "1.2.0", "2.0.0");
    if verdict.word() != "major" || verdict.count("RPC_PATH_NO_DELETE") != 5 {
        return Err(format!("{}\n{}", verdict.word(), verdict.told()).into());
    }
    let wire = &CHANNELS[..1];
    let verdict = compare(wire, &old, &next_major(false, &edits), "1.2.0", "1.3.0");
    // Its marks are gone, too.
    if verdict.bump() != "major" || !verdict.is_refused() {
        return Err(format!("{}\n{}", verdict.bump(), verdict.told()).into());
    }
    Ok(())
}

/// Rules of version 2 of every category, at once.
const CONFIG: &str = r#"{"version":"v2","breaking":{"use":["FILE","PACKAGE","WIRE_JSON","WIRE"]}}"#;

/// What the major brings in the old package, by buf's strictest category.
const MAJOR: [(&str, usize); 8] = [
    ("FIELD_NO_DELETE", 10),
    ("FIELD_SAME_CARDINALITY", 13),
    ("FIELD_SAME_JSON_NAME", 4),
    ("FIELD_SAME_NAME", 4),
    ("FIELD_SAME_ONEOF", 2),
    ("FIELD_SAME_TYPE", 15),
    ("MESSAGE_NO_DELETE", 13),
    ("RPC_SAME_CLIENT_STREAMING", 1),
];

/// The table's columns of buf, by the real one or by ours.
fn by_buf(buf: Option<&Buf>) -> Result<(), Failed> {
    let home = tempfile::tempdir()?;
    let mut wrong = String::new();
    let judged = |name: &str, old: &Files, new: &Files| -> Result<Vec<String>, Failed> {
        for (side, files) in [("old", old), ("new", new)] {
            let root = home.path().join(side);
            if root.exists() {
                std::fs::remove_dir_all(&root)?;
            }
            for (path, text) in files {
                let place = root.join(path);
                std::fs::create_dir_all(place.parent().ok_or(name.to_owned())?)?;
                std::fs::write(place, text)?;
            }
        }
        match buf {
            Some(buf) => {
                for (side, image) in [("old", "old.binpb"), ("new", "new.binpb")] {
                    let built = buf.build(home.path(), side, image)?;
                    built.map_err(|lines| format!("buf refuses {name}: {lines:?}"))?;
                }
                let images = ("new.binpb", "old.binpb");
                let lines = buf.breaking(home.path(), images, CONFIG, &[])?;
                Ok(lines.into_iter().map(|line| line.r#type).collect())
            }
            None => ours(home.path()),
        }
    };
    for mutant in table::mutants() {
        let (old, new) = sides(&mutant);
        let said = judged(&mutant.change, &old, &new)?;
        for (category, expected) in mutant.by_category() {
            let expected: BTreeSet<&str> = expected.iter().map(String::as_str).collect();
            let said: BTreeSet<&str> = of_category(&said, category).collect();
            if said != expected {
                wrong.push_str(&format!("{} {category}: {said:?}\n", mutant.change));
            }
        }
    }
    for (old, new) in MINORS {
        let said = judged("a minor", &release(old), &release(new))?;
        if !said.is_empty() {
            wrong.push_str(&format!("1.{old} to 1.{new}: {said:?}\n"));
        }
    }
    let said = judged(
        "a major",
        &release(2),
        &next_major(false, &table::next_major()),
    )?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in of_category(&said, "FILE") {
        *counts.entry(rule).or_default() += 1;
    }
    if counts != BTreeMap::from(MAJOR) {
        wrong.push_str(&format!("the major: {counts:?}\n"));
    }
    conclude(&wrong)
}

fn of_category<'s>(said: &'s [String], category: &str) -> impl Iterator<Item = &'s str> {
    let category = Category::ALL
        .into_iter()
        .find(|each| each.id() == category)
        .unwrap();
    said.iter().map(String::as_str).filter(move |id| {
        let rule = catalog::find(id).and_then(|rule| rule.buf);
        rule.is_some_and(|buf| buf.v2.contains(&category))
    })
}

fn ours(home: &Path) -> Result<Vec<String>, Failed> {
    let load = |side: &str| -> Result<Loaded, Failed> {
        Ok(Input::Path(home.join(side)).load(&Roots::default(), &Protox)?)
    };
    let (old, new) = (load("old")?, load("new")?);
    let (old_set, new_set) = (
        DescriptorSet::parse(&old.bytes)?,
        DescriptorSet::parse(&new.bytes)?,
    );
    let world = compat::buf::Scope::default()
        .world(&old_set, &new_set, &new)
        .ok_or("nothing is judged")?;
    let workspace = Workspace::parse(CONFIG, "config")?;
    let outcome = compat::buf::check(&world, &workspace, &new, &old);
    let ids = outcome.findings.iter().map(|finding| {
        let line: serde_json::Value = serde_json::from_str(&finding.line()).unwrap();
        line["type"].as_str().unwrap().to_owned()
    });
    Ok(ids.collect())
}
