//! One change each: what every category says of it, by buf and by ours.

use super::cases::Files;
use super::compare::{ALL, compiled, ours as judged, write};
use super::tool::Buf;
use compat::buf::Scope;
use compat::bufyaml::Workspace;
use libtest_mimic::Failed;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Deserialize)]
struct Table {
    experiment: Vec<Experiment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Experiment {
    change: String,
    old: Option<String>,
    new: Option<String>,
    b_old: Option<String>,
    b_new: Option<String>,
    file: Vec<String>,
    package: Option<Vec<String>>,
    wire_json: Option<Vec<String>>,
    wire: Option<Vec<String>>,
}

fn experiments() -> Result<Vec<Experiment>, Failed> {
    let table: Table = toml::from_str(include_str!("experiments.toml"))?;
    Ok(table.experiment)
}

impl Experiment {
    fn side(files: [(&str, &Option<String>); 2]) -> Files {
        let texts = files.into_iter().filter_map(|(name, text)| {
            let text = text.as_ref()?;
            let mut head = String::new();
            if !text.contains("syntax =") && !text.contains("edition =") {
                head.push_str("syntax = \"proto3\";\n");
            }
            let mut text = text.clone();
            if !text.contains("package p.") {
                let at = if text.starts_with("syntax") || text.starts_with("edition") {
                    text.find('\n').unwrap() + 1
                } else {
                    0
                };
                text.insert_str(at, "package p.v1;\n");
            }
            Some((name.to_owned(), head + &text))
        });
        texts.collect()
    }

    fn sides(&self) -> (Files, Files) {
        (
            Self::side([("a.proto", &self.old), ("b.proto", &self.b_old)]),
            Self::side([("a.proto", &self.new), ("b.proto", &self.b_new)]),
        )
    }

    fn has_edition(&self) -> bool {
        let (old, new) = self.sides();
        let mut texts = old.values().chain(new.values());
        texts.any(|text| text.starts_with("edition"))
    }

    fn expected(&self) -> [(&'static str, &[String]); 4] {
        [
            ("FILE", &self.file),
            ("PACKAGE", self.package.as_ref().unwrap_or(&self.file)),
            ("WIRE_JSON", self.wire_json.as_ref().unwrap_or(&self.file)),
            ("WIRE", self.wire.as_ref().unwrap_or(&self.file)),
        ]
    }

    /// Compares what some judge says of each category with the table.
    fn check(
        &self,
        mut judge: impl FnMut(&str) -> Result<BTreeSet<String>, Failed>,
        wrong: &mut String,
    ) -> Result<(), Failed> {
        for (category, expected) in self.expected() {
            let said = judge(&format!(
                r#"{{"version":"v2","breaking":{{"use":["{category}"]}}}}"#
            ))?;
            if said != expected.iter().cloned().collect() {
                wrong.push_str(&format!("{} {category}: {said:?}\n", self.change));
            }
        }
        Ok(())
    }
}

fn ids(lines: Vec<super::tool::Line>) -> BTreeSet<String> {
    lines.into_iter().map(|line| line.r#type).collect()
}

fn by_ours(new: &Path, old: &Path, config: &str) -> Result<BTreeSet<String>, Failed> {
    let workspace = Workspace::parse(config, "config")?;
    Ok(ids(judged(new, old, &workspace, &Scope::default())?))
}

fn conclude(wrong: &str) -> Result<(), Failed> {
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.into())
    }
}

/// The sets of experiments that no compiler here can read: protoc made them.
/// `UPDATE_EDITIONS=python3` has the protoc of grpcio-tools make them again,
/// with that Python.
fn committed(name: &str, files: &Files) -> Result<Vec<u8>, Failed> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/buf/editions");
    let set = place.join(format!("{name}.binpb"));
    if let Some(python) = std::env::var_os("UPDATE_EDITIONS") {
        let home = tempfile::tempdir()?;
        write(home.path(), files)?;
        std::fs::create_dir_all(&place)?;
        let status = std::process::Command::new(python)
            .args(["-m", "grpc_tools.protoc", "--include_source_info", "-I."])
            .arg(format!("--descriptor_set_out={}", set.display()))
            .args(files.keys())
            .current_dir(home.path())
            .status()?;
        if !status.success() {
            return Err(format!("protoc refuses {name}").into());
        }
    }
    Ok(std::fs::read(set)?)
}

/// The words of a change as a file's name.
fn slug(change: &str) -> String {
    let word = |word: &str| word.to_lowercase().replace([':', ','], "");
    let words: Vec<String> = change.split(' ').map(word).collect();
    words.join("-")
}

/// Ours alone.
pub(crate) fn ours() -> Result<(), Failed> {
    let mut wrong = String::new();
    let home = tempfile::tempdir()?;
    let mut count = 0;
    for experiment in experiments()? {
        let (old, new) = experiment.sides();
        let image = |name: &str, files: &Files| -> Result<_, Failed> {
            let place = home.path().join(format!("{name}.binpb"));
            let bytes = if experiment.has_edition() {
                committed(&format!("{}.{name}", slug(&experiment.change)), files)?
            } else {
                compiled(files)?
            };
            std::fs::write(&place, bytes)?;
            Ok(place)
        };
        let (old, new) = (image("old", &old)?, image("new", &new)?);
        experiment.check(|config| by_ours(&new, &old, config), &mut wrong)?;
        count += 1;
    }
    assert!(count > 50, "{count} experiments are too few");
    conclude(&wrong)
}

/// buf and ours on images of buf's.
pub(crate) fn all(buf: &Buf) -> Result<(), Failed> {
    let mut wrong = String::new();
    for experiment in experiments()? {
        let home = tempfile::tempdir()?;
        let (old, new) = experiment.sides();
        for (side, files) in [("old", old), ("new", new)] {
            write(&home.path().join(side), &files)?;
            if let Err(lines) = buf.build(home.path(), side, &format!("{side}.binpb"))? {
                return Err(format!("{}: {lines:?}", experiment.change).into());
            }
        }
        let images = ("new.binpb", "old.binpb");
        let everything = buf.breaking(home.path(), images, ALL, &[])?;
        experiment.check(
            |config| {
                // A category says what is its own of what all say.
                let rules = &Workspace::parse(config, "config")?.modules[0]
                    .breaking
                    .rules;
                let own =
                    |line: &&super::tool::Line| rules.iter().any(|rule| rule.id == line.r#type);
                Ok(ids(everything.iter().filter(own).cloned().collect()))
            },
            &mut wrong,
        )?;
        let (new, old) = (home.path().join(images.0), home.path().join(images.1));
        experiment.check(|config| by_ours(&new, &old, config), &mut wrong)?;
    }
    conclude(&wrong)
}
