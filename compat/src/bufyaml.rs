//! `buf.yaml` and `buf.work.yaml`: where import roots are, and which rules of
//! buf count where. What else stands in them is left alone.

use crate::catalog;
use crate::load::{LoadError, Tree, file};
use crate::near;
use crate::rule::{Category, Rule};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// Bytes of a configuration.
const TEXT: usize = 1 << 20;

/// The version of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Version {
    /// The oldest.
    V1Beta1,
    /// One module a file.
    V1,
    /// Many modules a file.
    V2,
}

/// Modules and the rules of each.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The modules, in the order of the file.
    pub modules: Vec<Module>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// It names plugins or policies, which only buf can run.
    pub foreign: bool,
}

/// One module: an import root and the rules that hold in it.
#[derive(Debug, Clone)]
pub struct Module {
    /// The root, relative to the file; empty for the file's own folder.
    pub path: String,
    /// Paths below the root whose files are no input.
    pub excludes: Vec<String>,
    /// The rules.
    pub breaking: Breaking,
}

/// Which rules count, and where they do not.
#[derive(Debug, Clone)]
pub struct Breaking {
    /// The rules, sorted by id.
    pub rules: Vec<&'static Rule>,
    /// What stands before a file's name when it is compared with the paths of
    /// `ignore`: those are relative to the configuration.
    pub base: String,
    /// Files and folders in which nothing counts.
    pub ignore: Vec<String>,
    /// The same for single rules.
    pub ignore_only: BTreeMap<&'static str, Vec<String>>,
    /// Nothing counts in packages that are marked as unstable.
    pub ignore_unstable_packages: bool,
}

#[derive(Deserialize)]
struct Text {
    version: Option<Version>,
    #[serde(default)]
    breaking: Option<Section>,
    #[serde(default)]
    build: Option<Build>,
    #[serde(default)]
    modules: Option<Vec<ModuleText>>,
    #[serde(default)]
    plugins: Option<Vec<serde_json::Value>>,
    #[serde(default)]
    policies: Option<Vec<serde_json::Value>>,
}

#[derive(Deserialize)]
struct Build {
    #[serde(default)]
    roots: Option<Vec<String>>,
    #[serde(default)]
    excludes: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct ModuleText {
    #[serde(default)]
    path: Option<String>,
    #[serde(default)]
    excludes: Option<Vec<String>>,
    #[serde(default)]
    breaking: Option<Section>,
}

#[derive(Deserialize, Default, Clone, PartialEq)]
#[serde(default)]
struct Section {
    r#use: Option<Vec<String>>,
    except: Option<Vec<String>>,
    ignore: Option<Vec<String>>,
    ignore_only: Option<BTreeMap<String, Vec<String>>>,
    ignore_unstable_packages: Option<bool>,
    disable_builtin: Option<bool>,
}

#[derive(Deserialize)]
struct Work {
    #[serde(default)]
    directories: Option<Vec<String>>,
}

fn read<T: for<'de> Deserialize<'de>>(text: &str, shown: &str) -> Result<T, LoadError> {
    if text.len() > TEXT {
        return Err(LoadError::bad(format!("is larger than {TEXT} bytes")).in_file(shown));
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let place = error.location();
        // The first line says what is wrong; a drawing of the place follows.
        let message = error.without_snippet().to_string();
        let message = message.lines().next().unwrap_or_default().to_owned();
        let told = LoadError::bad(message).in_file(shown);
        match place {
            Some(place) => told.at(
                u32::try_from(place.line()).unwrap_or(0),
                u32::try_from(place.column()).unwrap_or(0),
            ),
            None => told,
        }
    })
}

impl Workspace {
    /// What holds where nobody configured anything: one module, category FILE.
    pub fn unconfigured() -> Self {
        let all = Section::default().expanded(Version::V2, &mut Vec::new());
        Workspace {
            modules: vec![Module {
                path: String::new(),
                excludes: Vec::new(),
                breaking: all.expect("no id is unknown where none is given"),
            }],
            warnings: Vec::new(),
            foreign: false,
        }
    }

    /// Reads the text of a `buf.yaml`.
    pub fn parse(text: &str, shown: &str) -> Result<Self, LoadError> {
        let text: Text = read(text, shown)?;
        let Some(version) = text.version else {
            return Err(
                LoadError::bad("says no version; v2, v1 and v1beta1 are known").in_file(shown),
            );
        };
        let mut warnings = Vec::new();
        let mut expand = |section: &Section| {
            section
                .expanded(version, &mut warnings)
                .map_err(|error| error.in_file(shown))
        };
        let top = text.breaking.unwrap_or_default();
        let mut modules = Vec::new();
        match (version, text.modules) {
            (Version::V2, Some(texts)) if !texts.is_empty() => {
                for module in texts {
                    let path = cleaned(module.path.as_deref().unwrap_or("."));
                    let section = match &module.breaking {
                        Some(own) if *own != Section::default() => own,
                        _ => &top,
                    };
                    let mut breaking = expand(section)?;
                    breaking.base.clone_from(&path);
                    let below = |excluded: &String| {
                        crate::load::below(&cleaned(excluded), &path).map(str::to_owned)
                    };
                    let excludes = module.excludes.iter().flatten().filter_map(below);
                    modules.push(Module {
                        excludes: excludes.collect(),
                        path,
                        breaking,
                    });
                }
            }
            _ => {
                let build = text.build.unwrap_or(Build {
                    roots: None,
                    excludes: None,
                });
                let excludes: Vec<String> = build
                    .excludes
                    .iter()
                    .flatten()
                    .map(|path| cleaned(path))
                    .collect();
                let roots = build
                    .roots
                    .filter(|roots| version == Version::V1Beta1 && !roots.is_empty())
                    .unwrap_or_else(|| vec![".".to_owned()]);
                for root in roots {
                    let path = cleaned(&root);
                    let below =
                        |excluded: &String| crate::load::below(excluded, &path).map(str::to_owned);
                    modules.push(Module {
                        // Paths of v1 and v1beta1 begin at the root.
                        excludes: excludes.iter().filter_map(below).collect(),
                        breaking: expand(&top)?,
                        path,
                    });
                }
            }
        }
        let some = |list: &Option<Vec<_>>| list.as_ref().is_some_and(|list| !list.is_empty());
        let foreign = some(&text.plugins) || some(&text.policies);
        if foreign {
            warnings.push(format!(
                "{shown} names plugins or policies, which are not run"
            ));
        }
        warnings.sort();
        warnings.dedup();
        Ok(Workspace {
            modules,
            warnings,
            foreign,
        })
    }

    /// Reads a `buf.yaml` that somebody names.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let shown = path.display().to_string();
        let bytes = file::read(path, TEXT as u64).map_err(|error| {
            LoadError::bad(format!("cannot be read: {error}")).in_file(shown.as_str())
        })?;
        Workspace::parse(&utf8(bytes, &shown)?, &shown)
    }

    /// Reads what stands in a folder: `buf.work.yaml` with the `buf.yaml` of
    /// each directory, or `buf.yaml`. `None` where there is neither.
    pub fn find(tree: &Tree, folder: &str) -> Result<Option<Self>, LoadError> {
        let place = |name: &str| crate::load::join(folder, name);
        if let Some(work) = tree.read(&place("buf.work.yaml"))? {
            let shown = place("buf.work.yaml");
            let work: Work = read(&utf8(work, &shown)?, &shown)?;
            let mut whole = Workspace {
                modules: Vec::new(),
                warnings: Vec::new(),
                foreign: false,
            };
            for directory in work.directories.iter().flatten() {
                let directory = cleaned(directory);
                let inner =
                    Self::file(tree, &place(&directory))?.unwrap_or_else(Workspace::unconfigured);
                whole.warnings.extend(inner.warnings);
                whole.foreign |= inner.foreign;
                for mut module in inner.modules {
                    module.path = crate::load::join(&directory, &module.path);
                    whole.modules.push(module);
                }
            }
            if !whole.modules.is_empty() {
                return Ok(Some(whole));
            }
        }
        Self::file(tree, folder)
    }

    fn file(tree: &Tree, folder: &str) -> Result<Option<Self>, LoadError> {
        let shown = crate::load::join(folder, "buf.yaml");
        match tree.read(&shown)? {
            Some(text) => Workspace::parse(&utf8(text, &shown)?, &shown).map(Some),
            None => Ok(None),
        }
    }

    /// The configuration of a directory of the disk: its own, or that of the
    /// nearest directory above it that has one.
    pub fn above(directory: &Path) -> Result<Option<Self>, LoadError> {
        let tree = Tree::Directory(directory.to_owned());
        if let Some(found) = Workspace::find(&tree, "")? {
            return Ok(Some(found));
        }
        let Ok(whole) = directory.canonicalize() else {
            return Ok(None);
        };
        for above in whole.ancestors().skip(1) {
            let tree = Tree::Directory(above.to_owned());
            let Some(mut found) = Workspace::find(&tree, "")? else {
                continue;
            };
            let inside = whole.strip_prefix(above).unwrap_or(Path::new(""));
            let inside = cleaned(&inside.display().to_string());
            // The directory itself is the root; what the file says of roots
            // is of other folders.
            let module = found
                .modules
                .iter()
                .filter(|module| {
                    module.path == inside || crate::load::below(&inside, &module.path).is_some()
                })
                .max_by_key(|module| module.path.len())
                .unwrap_or(&found.modules[0]);
            let mut breaking = module.breaking.clone();
            breaking.base = if module.breaking.base.is_empty() {
                crate::load::below(&inside, &module.path)
                    .unwrap_or(&inside)
                    .to_owned()
            } else {
                inside.clone()
            };
            found.modules = vec![Module {
                path: String::new(),
                excludes: Vec::new(),
                breaking,
            }];
            return Ok(Some(found));
        }
        Ok(None)
    }
}

fn utf8(bytes: Vec<u8>, shown: &str) -> Result<String, LoadError> {
    String::from_utf8(bytes).map_err(|_| LoadError::bad("is no UTF-8").in_file(shown))
}

/// The import roots that a folder's configuration names, each with what it
/// excludes; the folder itself where it has none.
pub(crate) fn roots(tree: &Tree, folder: &str) -> Result<Vec<(String, Vec<String>)>, LoadError> {
    let workspace = Workspace::find(tree, folder)?.unwrap_or_else(Workspace::unconfigured);
    let modules = workspace.modules.into_iter();
    Ok(modules
        .map(|module| (module.path, module.excludes))
        .collect())
}

/// A path with `/` between its parts and no `.` in it.
fn cleaned(path: &str) -> String {
    let parts = Path::new(path)
        .components()
        .filter(|part| !matches!(part, Component::CurDir));
    let cleaned: PathBuf = parts.collect();
    cleaned.display().to_string()
}

impl Version {
    fn categories(self, rule: &Rule) -> &'static [Category] {
        let Some(buf) = rule.buf else {
            return &[];
        };
        match self {
            Version::V1Beta1 => buf.v1beta1,
            Version::V1 => buf.v1,
            Version::V2 => buf.v2,
        }
    }

    /// The categories of a rule in this version; none where it does not exist.
    pub fn categories_of(self, rule: &Rule) -> impl Iterator<Item = Category> {
        let all = self.categories(rule).iter().copied();
        // Confluent's category came with v2.
        all.filter(move |category| self == Version::V2 || *category != Category::Csr)
    }

    /// The rules of this version, sorted by id.
    pub fn rules(self) -> impl Iterator<Item = &'static Rule> {
        catalog::buf().filter(move |rule| self.categories_of(rule).next().is_some())
    }

    /// Rules that a deprecated id stands for; `None` where it is none.
    fn successors(self, id: &str) -> Option<&'static [&'static str]> {
        let old = self != Version::V2;
        Some(match id {
            "MESSAGE_SAME_MESSAGE_SET_WIRE_FORMAT" => &[],
            "FILE_SAME_PHP_GENERIC_SERVICES" if old => &[],
            "FIELD_SAME_CTYPE" if old => &["FIELD_SAME_CPP_STRING_TYPE"],
            "FIELD_SAME_LABEL" if old => &[
                "FIELD_SAME_CARDINALITY",
                "FIELD_WIRE_COMPATIBLE_CARDINALITY",
                "FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY",
            ],
            "FILE_SAME_JAVA_STRING_CHECK_UTF8" if old => &["FIELD_SAME_JAVA_UTF8_VALIDATION"],
            _ => return None,
        })
    }

    /// The rules that an id of a rule or a category stands for.
    fn expand(self, id: &str, warnings: &mut Vec<String>) -> Result<Vec<&'static Rule>, LoadError> {
        let named = |id: &str| self.rules().find(|rule| rule.id == id);
        if let Some(category) = Category::ALL.into_iter().find(|each| each.id() == id) {
            let rules: Vec<_> = self
                .rules()
                .filter(|rule| self.categories_of(rule).any(|each| each == category))
                .collect();
            if !rules.is_empty() {
                return Ok(rules);
            }
        }
        if let Some(rule) = named(id) {
            return Ok(vec![rule]);
        }
        if let Some(successors) = self.successors(id) {
            warnings.push(match successors {
                [] => format!("{id} is deprecated and does nothing"),
                _ => format!(
                    "{id} is deprecated: {} took its place",
                    successors.join(", ")
                ),
            });
            return Ok(successors.iter().filter_map(|id| named(id)).collect());
        }
        let known = self
            .rules()
            .map(|rule| rule.id)
            .chain(Category::ALL.into_iter().map(Category::id));
        let error = LoadError::bad(format!("{id:?} is no rule and no category of this version"));
        Err(match near::did_you_mean(id, known) {
            Some(near) => error.hint(near),
            None => error,
        })
    }
}

impl Section {
    fn expanded(
        &self,
        version: Version,
        warnings: &mut Vec<String>,
    ) -> Result<Breaking, LoadError> {
        let mut ids: BTreeSet<&'static str> = BTreeSet::new();
        let file = ["FILE".to_owned()];
        let named = match self.r#use.as_deref() {
            Some([]) | None => &file[..],
            Some(named) => named,
        };
        if self.disable_builtin != Some(true) {
            for id in named {
                ids.extend(version.expand(id, warnings)?.iter().map(|rule| rule.id));
            }
        }
        for id in self.except.iter().flatten() {
            for rule in version.expand(id, warnings)? {
                ids.remove(rule.id);
            }
        }
        let mut ignore_only: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        for (id, paths) in self.ignore_only.iter().flatten() {
            for rule in version.expand(id, warnings)? {
                let paths = paths.iter().map(|path| cleaned(path));
                ignore_only.entry(rule.id).or_default().extend(paths);
            }
        }
        Ok(Breaking {
            rules: version
                .rules()
                .filter(|rule| ids.contains(rule.id))
                .collect(),
            base: String::new(),
            ignore: self
                .ignore
                .iter()
                .flatten()
                .map(|path| cleaned(path))
                .collect(),
            ignore_only,
            ignore_unstable_packages: self.ignore_unstable_packages == Some(true),
        })
    }
}

/// Whether the last part of a package marks it as unstable: `v1alpha`,
/// `v1beta2`, `v1p1alpha3`, `v1test…`.
pub fn is_unstable(package: &str) -> bool {
    let Some((_, last)) = package.rsplit_once('.') else {
        return false;
    };
    let Some(rest) = last.strip_prefix('v') else {
        return false;
    };
    let number = |text: &str| {
        let digits = text.len()
            - text
                .trim_start_matches(|char: char| char.is_ascii_digit())
                .len();
        let value = text[..digits]
            .parse::<u64>()
            .ok()
            .filter(|value| *value > 0)?;
        // A leading zero is no number of a version.
        (value.to_string().len() == digits).then_some(digits)
    };
    let Some(digits) = number(rest) else {
        return false;
    };
    let mut rest = &rest[digits..];
    if rest.starts_with("test") {
        return true;
    }
    if let Some(patch) = rest.strip_prefix('p') {
        match number(patch) {
            Some(digits) => rest = &patch[digits..],
            None => return false,
        }
    }
    let Some(rest) = rest
        .strip_prefix("alpha")
        .or_else(|| rest.strip_prefix("beta"))
    else {
        return false;
    };
    rest.is_empty() || number(rest) == Some(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<&'static str> {
        let workspace = Workspace::parse(text, "buf.yaml").unwrap();
        let rules = workspace.modules[0].breaking.rules.iter();
        rules.map(|rule| rule.id).collect()
    }

    #[test]
    fn versions_have_their_rules() {
        let count = |version: Version| version.rules().count();
        assert_eq!(count(Version::V2), 64);
        assert_eq!(count(Version::V1), 61);
        assert_eq!(count(Version::V1Beta1), 59);
        for (id, counts) in [
            ("FILE", [51, 51]),
            ("PACKAGE", [51, 51]),
            ("WIRE_JSON", [22, 22]),
            ("WIRE", [15, 15]),
            ("CSR", [32, 32]),
        ] {
            let rules = Version::V2.expand(id, &mut Vec::new()).unwrap();
            assert_eq!(rules.len(), counts[0], "{id}");
        }
        assert!(Version::V1.expand("CSR", &mut Vec::new()).is_err());
    }

    #[test]
    fn use_and_except_mix_rules_and_categories() {
        assert_eq!(ids("version: v2").len(), 51);
        let text = "version: v2\nbreaking:\n  use: [WIRE, FILE_SAME_GO_PACKAGE]\n  except: [FIELD_WIRE_COMPATIBLE_TYPE]\n";
        let ids = ids(text);
        assert_eq!(ids.len(), 15);
        assert!(ids.contains(&"FILE_SAME_GO_PACKAGE"));
    }

    #[test]
    fn deprecated_and_unknown_ids_are_told() {
        let text = "version: v1\nbreaking:\n  use: [FIELD_SAME_LABEL, FIELD_SAME_CTYPE]\n";
        let workspace = Workspace::parse(text, "buf.yaml").unwrap();
        assert_eq!(workspace.modules[0].breaking.rules.len(), 4);
        assert_eq!(workspace.warnings.len(), 2);
        let error = Workspace::parse("version: v2\nbreaking: {use: [FIELD_SAME_NAM]}", "buf.yaml")
            .unwrap_err();
        assert!(error.hint.unwrap().contains("FIELD_SAME_NAME"));
        let json = r#"{"version":"v2","breaking":{"use":["WIRE"]}}"#;
        assert_eq!(ids(json).len(), 15);
        let error = Workspace::parse("version: v2\nbreaking: 7\n", "buf.yaml").unwrap_err();
        assert_eq!(error.line, 2, "{error}");
    }

    #[test]
    fn modules_have_roots_and_rules_of_their_own() {
        let text = "version: v2\nmodules:\n- path: a\n  excludes: [a/x]\n- path: b\n  breaking: {use: [WIRE]}\nbreaking: {use: [PACKAGE]}\n";
        let workspace = Workspace::parse(text, "buf.yaml").unwrap();
        let [a, b] = &workspace.modules[..] else {
            panic!("two modules");
        };
        assert_eq!((a.path.as_str(), a.breaking.rules.len()), ("a", 51));
        assert_eq!(a.excludes, ["x"]);
        assert_eq!((b.path.as_str(), b.breaking.rules.len()), ("b", 15));
    }

    #[test]
    fn unstable_packages_are_named_so() {
        for package in [
            "a.v1alpha",
            "a.v1beta2",
            "a.v1p1alpha3",
            "a.v1testx",
            "a.b.v2test",
        ] {
            assert!(is_unstable(package), "{package}");
        }
        for package in [
            "v1alpha",
            "a.v1",
            "a.v0alpha",
            "a.v1p0beta",
            "a.v1alpha0",
            "a.v1gamma",
            "a.v1alphabeta",
            "a.v01alpha",
            "a.alpha",
        ] {
            assert!(!is_unstable(package), "{package}");
        }
    }
}
