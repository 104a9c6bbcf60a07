//! Rulebook `buf`: would `buf breaking` accept the change?
//!
//! Same rules, places and order as buf's; the words of the messages are ours.

use crate::bufyaml::{Breaking, Workspace, is_unstable};
use crate::found::{Era, Hit};
use crate::load::{Loaded, below, join};
use crate::model::{DescriptorSet, File, FileId, Span};
use crate::pair::{Part, World, judge};
use crate::place::Places;
use crate::rule::Rule;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap, HashSet};

/// One finding, as it is shown.
#[derive(Debug, Clone)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The file as the user would type it; none where it is gone.
    pub path: Option<String>,
    /// The place in the file.
    pub span: Span,
    /// What changed.
    pub message: String,
    /// The full name of the element.
    pub element: String,
}

/// A finding as buf writes it in JSON, one a line.
#[derive(Debug, Serialize)]
#[allow(clippy::struct_field_names, reason = "the names are buf's")]
struct Line<'f> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'f str>,
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
    r#type: &'f str,
    message: &'f str,
}

impl Finding {
    /// The finding as one line of `--format buf-json`.
    pub fn line(&self) -> String {
        line(self.path.as_deref(), self.span, self.rule.id, &self.message)
    }
}

/// One line of `--format buf-json`.
pub fn line(path: Option<&str>, span: Span, r#type: &str, message: &str) -> String {
    let line = Line {
        path,
        start_line: span.start_line,
        start_column: span.start_column,
        end_line: span.end_line,
        end_column: span.end_column,
        r#type,
        message,
    };
    serde_json::to_string(&line).expect("texts and numbers are JSON")
}

/// The findings, sorted and each once, and entries of `ignore` that nothing
/// fell under.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The findings.
    pub findings: Vec<Finding>,
    /// Entries that ignored nothing, as `ignore PATH` or `ignore_only ID: PATH`.
    pub unused: Vec<String>,
}

/// Judges two sides by a configuration.
pub fn check(world: &World, workspace: &Workspace, new: &Loaded, old: &Loaded) -> Outcome {
    let mut wanted: BTreeMap<&str, &'static Rule> = BTreeMap::new();
    for module in &workspace.modules {
        wanted.extend(module.breaking.rules.iter().map(|rule| (rule.id, *rule)));
    }
    let mut ignores = Ignores {
        world,
        workspace,
        sides: [old, new],
        used: HashSet::new(),
    };
    let mut hits = judge(world, wanted.into_values());
    hits.retain(|hit| ignores.counts(hit));
    let mut findings = located(world, new, hits);
    findings.sort_by(|a, b| key(a).cmp(&key(b)));
    findings.dedup_by(|a, b| key(a) == key(b));
    Outcome {
        findings,
        unused: ignores.unused(),
    }
}

/// buf's order, and what makes two findings one.
fn key(finding: &Finding) -> impl Ord + use<'_> {
    let span = finding.span;
    (
        finding.path.as_deref(),
        (span.start_line, span.start_column),
        finding.rule.id,
        finding.message.as_str(),
        (span.end_line, span.end_column),
    )
}

/// Looks up the places: one pass over the source info of each file that has
/// findings.
fn located(world: &World, new: &Loaded, hits: Vec<Hit>) -> Vec<Finding> {
    let places = Places::of(world.new, hits.iter().filter_map(|hit| hit.spot.as_ref()));
    let finding = |hit: Hit| {
        let span = hit.spot.as_ref().map(|spot| places.span(spot));
        Finding {
            rule: hit.rule,
            path: hit
                .spot
                .map(|spot| new.show(world.new[spot.file].path).to_owned()),
            span: span.unwrap_or(Span::START),
            message: hit.message,
            element: world.set(hit.era).full_name(hit.element),
        }
    };
    hits.into_iter().map(finding).collect()
}

/// Which files take part.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// What is found in files that are only imported does not count.
    pub exclude_imports: bool,
    /// Old files that the new side does not have do not.
    pub limit_to_input_files: bool,
    /// Only these files and folders do, as the user types them, with what
    /// they import; empty for all.
    pub paths: Vec<String>,
    /// Only these packages do, with what their files import; empty for all.
    pub packages: Vec<String>,
    /// What is found in the files that come with a compiler does not count.
    pub exclude_built_in: bool,
}

impl Scope {
    /// Pairs what takes part; `None` where the paths match no file.
    pub fn world<'w>(
        &self,
        old: &'w DescriptorSet<'w>,
        new: &'w DescriptorSet<'w>,
        loaded: &Loaded,
    ) -> Option<World<'w>> {
        let targets = |set: &DescriptorSet<'_>, wanted: &dyn Fn(&File<'_>) -> bool| {
            let wanted = set.files().iter().filter(|file| wanted(file));
            wanted.map(|file| file.id).collect::<Vec<_>>()
        };
        let at_path = |file: &File<'_>| {
            let name = file.path;
            let shown = loaded.show_absent(name);
            self.paths.is_empty()
                || self.paths.iter().any(|path| {
                    let path = path.trim_start_matches("./").trim_end_matches('/');
                    let covers = |file: &str| file == path || below(file, path).is_some();
                    covers(name) || covers(&shown)
                })
        };
        let present: HashSet<&str> = new.files().iter().map(|file| file.path).collect();
        let named = |file: &File<'_>| match self.packages.as_slice() {
            [] => !file.is_import,
            packages => packages.iter().any(|name| name == file.package),
        };
        let input = |file: &File<'_>| named(file) && at_path(file);
        // An old import that the new side has is as good as an input, to buf.
        let limited = |file: &File<'_>| at_path(file) && present.contains(file.path);
        let sides = [
            if self.limit_to_input_files {
                targets(old, &limited)
            } else {
                targets(old, &input)
            },
            targets(new, &input),
        ];
        if sides.iter().all(Vec::is_empty) {
            return None;
        }
        let parts = [(old, &sides[0]), (new, &sides[1])].map(|(set, targets)| {
            let mut parts = vec![Part::Absent; set.files().len()];
            let files = set.files().iter();
            let by_path: HashMap<&str, FileId> = files.map(|file| (file.path, file.id)).collect();
            let imported = if self.exclude_imports {
                Part::Paired
            } else {
                Part::Judged
            };
            let mut waiting = targets.clone();
            while let Some(file) = waiting.pop() {
                if std::mem::replace(&mut parts[file.index()], imported) == Part::Absent {
                    let imports = set[file].dependencies.iter();
                    waiting.extend(imports.filter_map(|path| by_path.get(path)));
                }
            }
            for target in targets {
                parts[target.index()] = Part::Judged;
            }
            if self.exclude_built_in {
                for file in set.files() {
                    let part = &mut parts[file.id.index()];
                    if file.path.starts_with("google/protobuf/") && *part == Part::Judged {
                        *part = Part::Paired;
                    }
                }
            }
            parts
        });
        Some(World::of(old, new, |era, file| {
            parts[era as usize][file.id.index()]
        }))
    }
}

struct Ignores<'w> {
    world: &'w World<'w>,
    workspace: &'w Workspace,
    sides: [&'w Loaded; 2],
    used: HashSet<(usize, Option<&'static str>, &'w str)>,
}

impl<'w> Ignores<'w> {
    /// The module whose configuration holds for a file.
    fn module(&self, era: Era, file: FileId) -> usize {
        let name = self.world.set(era)[file].path;
        // The configuration is the new side's: an old file is looked up there
        // first.
        let root = self.sides[Era::New as usize]
            .root(name)
            .or_else(|| self.sides[era as usize].root(name));
        root.filter(|root| *root < self.workspace.modules.len())
            .unwrap_or(0)
    }

    /// Whether a hit is a finding: its rule counts in its module, and nobody
    /// ignores its file or the file it was in.
    fn counts(&mut self, hit: &Hit) -> bool {
        let places = [
            hit.spot.as_ref().map(|spot| (Era::New, spot.file)),
            hit.against.map(|file| (Era::Old, file)),
        ];
        let Some((era, file)) = places.into_iter().flatten().next() else {
            return true;
        };
        let paired = |(era, file)| self.world.part(era, file) == Part::Paired;
        if places.into_iter().flatten().any(paired) {
            return false;
        }
        let module = self.module(era, file);
        let workspace: &'w Workspace = self.workspace;
        let breaking = &workspace.modules[module].breaking;
        if !breaking.rules.iter().any(|rule| rule.id == hit.rule.id) {
            return false;
        }
        !places
            .into_iter()
            .flatten()
            .any(|(era, file)| self.ignored(module, breaking, hit.rule, era, file))
    }

    fn ignored(
        &mut self,
        module: usize,
        breaking: &'w Breaking,
        rule: &'static Rule,
        era: Era,
        file: FileId,
    ) -> bool {
        let file = &self.world.set(era)[file];
        let path = join(&breaking.base, file.path);
        let covers = |ignored: &&String| **ignored == path || below(&path, ignored).is_some();
        if let Some(ignored) = breaking.ignore.iter().find(covers) {
            self.used.insert((module, None, ignored));
            return true;
        }
        let only = breaking.ignore_only.get(rule.id);
        if let Some(ignored) = only.and_then(|paths| paths.iter().find(covers)) {
            self.used.insert((module, Some(rule.id), ignored));
            return true;
        }
        breaking.ignore_unstable_packages && is_unstable(file.package)
    }

    fn unused(&self) -> Vec<String> {
        let mut unused = Vec::new();
        for (at, module) in self.workspace.modules.iter().enumerate() {
            for path in &module.breaking.ignore {
                if !self.used.contains(&(at, None, path.as_str())) {
                    unused.push(format!("ignore {path}"));
                }
            }
            for (id, paths) in &module.breaking.ignore_only {
                for path in paths {
                    if !self.used.contains(&(at, Some(*id), path.as_str())) {
                        unused.push(format!("ignore_only {id}: {path}"));
                    }
                }
            }
        }
        unused.sort();
        unused.dedup();
        unused
    }
}
