//! One change each: what every category says of it, by buf and by ours.

use super::compare::{ALL, compiled, ours as judged, write};
use super::table::{Experiment, Files, experiments, slug};
use super::tool::Buf;
use crate::protoc::committed;
use compat::buf::Scope;
use compat::bufyaml::Workspace;
use libtest_mimic::Failed;
use std::collections::BTreeSet;
use std::path::Path;

impl Experiment {
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
                committed(&format!("{}.{name}", slug(&experiment.change)), files)
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
