//! `aperio-plugin.toml`: what an author says once.

use crate::args::{self, Contract};
use crate::caret::{Mistake, did_you_mean};
use compat::load::file;
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Name of the file.
const NAME: &str = "aperio-plugin.toml";
/// Bytes of it.
const TEXT: u64 = 1 << 20;

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) path: PathBuf,
    pub(crate) text: Sections,
}

/// The sections of the file. Unknown keys are mistakes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Sections {
    pub(crate) plugin: Plugin,
    pub(crate) interface: Interface,
    pub(crate) run: Run,
    pub(crate) timeouts: Timeouts,
    pub(crate) limits: Bounds,
    /// What is judged of the interface's text, and how.
    pub(crate) compat: compat::Policy,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Plugin {
    pub(crate) command: Option<Vec<String>>,
    pub(crate) env: BTreeMap<String, String>,
    #[serde(deserialize_with = "contract")]
    pub(crate) contract: Option<Contract>,
    pub(crate) cookie: Option<String>,
    pub(crate) app_protocols: Option<Vec<u32>>,
    pub(crate) auto_mtls: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Interface {
    #[serde(deserialize_with = "interface")]
    pub(crate) version: Option<(u32, u32)>,
    #[serde(deserialize_with = "harness")]
    pub(crate) harness: Option<semver::VersionReq>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Run {
    pub(crate) seed: Option<u64>,
    pub(crate) jobs: Option<NonZeroUsize>,
}

/// What a plugin may use, in MiB.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Bounds {
    /// Private memory that is mapped for writing.
    pub(crate) data_mib: Option<u32>,
    /// One file.
    pub(crate) file_mib: Option<u32>,
}

/// Every time of the host by its name, and those of the run.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Timeouts {
    start: Option<Time>,
    line: Option<Time>,
    rpc: Option<Time>,
    drain: Option<Time>,
    shutdown: Option<Time>,
    exit: Option<Time>,
    term: Option<Time>,
    kill: Option<Time>,
    advertise: Option<Time>,
    multiplex: Option<Time>,
    early_exit: Option<Time>,
    pipe: Option<Time>,
    idle: Option<Time>,
    pub(crate) slow: Option<Time>,
    pub(crate) global: Option<Time>,
    #[serde(deserialize_with = "scale")]
    pub(crate) scale: Option<f64>,
}

impl Timeouts {
    /// The time that `host::Limits` calls by this name.
    pub(crate) fn limit(&self, name: &str) -> Option<Duration> {
        let time = match name {
            "start" => self.start,
            "line" => self.line,
            "rpc" => self.rpc,
            "drain" => self.drain,
            "shutdown" => self.shutdown,
            "exit" => self.exit,
            "term" => self.term,
            "kill" => self.kill,
            "advertise" => self.advertise,
            "multiplex" => self.multiplex,
            "early_exit" => self.early_exit,
            "pipe" => self.pipe,
            "idle" => self.idle,
            _ => None,
        };
        time.map(|time| time.0)
    }
}

/// A time written as `15s`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(pub(crate) Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        args::time(&text).map(Time).map_err(D::Error::custom)
    }
}

fn read_as<'de, D: Deserializer<'de>, T>(
    from: D,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    let text = String::deserialize(from)?;
    read(&text).map(Some).map_err(D::Error::custom)
}

fn contract<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Contract>, D::Error> {
    read_as(from, |text| match text {
        "aperio" => Ok(Contract::Aperio),
        "go-plugin" => Ok(Contract::GoPlugin),
        _ => Err("a contract is aperio or go-plugin".to_owned()),
    })
}

fn interface<'de, D: Deserializer<'de>>(from: D) -> Result<Option<(u32, u32)>, D::Error> {
    read_as(from, args::interface)
}

fn harness<'de, D: Deserializer<'de>>(from: D) -> Result<Option<semver::VersionReq>, D::Error> {
    read_as(from, |text| {
        semver::VersionReq::parse(text).map_err(|_| "a requirement such as >=0.1".to_owned())
    })
}

fn scale<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let scale = f64::deserialize(from)?;
    args::factor(&scale.to_string())
        .map(Some)
        .map_err(D::Error::custom)
}

/// A file that cannot be used, and why.
#[derive(Debug)]
pub(crate) struct Unusable {
    /// The file as the user would type it.
    pub(crate) path: String,
    pub(crate) what: String,
    pub(crate) hint: Option<String>,
    /// Line and column, from 1, where it could be read.
    pub(crate) place: Option<(usize, usize)>,
    /// All of it, ready to be shown.
    pub(crate) shown: String,
}

/// The named file, or the nearest one from the working directory upwards.
pub(crate) fn find(named: Option<&Path>) -> Result<Option<Config>, Unusable> {
    let here = std::env::current_dir().unwrap_or_default();
    let nearest = || {
        let mut places = here.ancestors().map(|dir| dir.join(NAME));
        places.find(|path| file::is_there(path))
    };
    let Some(path) = named.map(Path::to_path_buf).or_else(nearest) else {
        return Ok(None);
    };
    // Whoever stands beside the file types no path before its name.
    let typed = path.strip_prefix(&here).unwrap_or(&path);
    let typed = typed.display().to_string();
    let unread = |why: String| {
        let name = report::escape(&typed);
        Unusable {
            shown: format!("error: failed to read {name}: {}", report::escape(&why)),
            path: typed.clone(),
            what: format!("cannot be read: {why}"),
            hint: None,
            place: None,
        }
    };
    let bytes = file::read(&path, TEXT).map_err(|error| unread(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unread("it is no UTF-8".to_owned()))?;
    let sections = parse(&text).map_err(|mistake| Unusable {
        shown: mistake.shown(&typed, &text),
        place: Some(mistake.place(&text)),
        path: typed.clone(),
        what: mistake.what,
        hint: mistake.hint,
    })?;
    Ok(Some(Config {
        path,
        text: sections,
    }))
}

fn parse(text: &str) -> Result<Sections, Mistake> {
    toml::from_str(text).map_err(|error| {
        let message = error.message().replace('\n', " ");
        let span = error.span().unwrap_or(0..0);
        // The message of an unknown key names it, then those that are known.
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let near = message
            .starts_with("unknown field")
            .then(|| quoted.split_first())
            .flatten()
            .and_then(|(word, known)| did_you_mean(word, known.iter().copied()));
        Mistake::new(message.clone(), span).hint(near)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let text = r#"
            [plugin]
            command = ["./dist/acme-box", "serve"]
            env = { BOX_LOG = "debug" }
            contract = "go-plugin"
            cookie = "BASIC_PLUGIN=hello"
            app_protocols = [5, 6]
            auto_mtls = false
            [interface]
            version = "1.1"
            harness = ">=0.1"
            [run]
            seed = 7
            jobs = 4
            [timeouts]
            start = "20s"
            slow = "5s"
            global = "10m"
            scale = 1.5
        "#;
        let read = parse(text).unwrap();
        assert_eq!(read.plugin.contract, Some(Contract::GoPlugin));
        assert_eq!(read.interface.version, Some((1, 1)));
        assert_eq!(read.timeouts.limit("start"), Some(Duration::from_secs(20)));
        assert_eq!(read.run.seed, Some(7));
    }

    #[test]
    fn the_readmes_file_is_read() {
        let readme = include_str!("../../README.md");
        let (_, block) = readme.split_once("```toml\n").unwrap();
        let (block, _) = block.split_once("```").unwrap();
        assert_eq!(parse(block).unwrap().run.seed, Some(7));
    }

    #[test]
    fn a_file_with_one_section_is_valid() {
        let read = parse("[compat]\nversion = \"1.3.0\"\nchannels = [\"wire\", \"json\"]\n");
        let read = read.unwrap();
        assert_eq!(read.compat.channels.len(), 2);
        assert_eq!(read.plugin.command, None);
        assert_eq!(parse("").unwrap().compat, compat::Policy::default());
    }

    #[test]
    fn a_file_without_end_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(NAME);
        std::fs::write(&path, "#".repeat(2 << 20)).unwrap();
        let told = find(Some(&path)).unwrap_err();
        assert!(told.shown.contains("larger than"), "{told:?}");
    }

    #[test]
    fn every_limit_of_the_host_has_a_key() {
        for (name, _) in host::Limits::default().times_mut() {
            let text = format!("[timeouts]\n{name} = \"7s\"\n");
            let read = parse(&text).unwrap();
            assert_eq!(
                read.timeouts.limit(name),
                Some(Duration::from_secs(7)),
                "{name}"
            );
        }
    }

    #[test]
    fn mistakes_are_told_where_they_are() {
        for (text, line, words) in [
            ("[timeouts]\nstrat = \"1s\"\n", 2, "did you mean start?"),
            ("[plugn]\ncommand = []\n", 1, "did you mean plugin?"),
            ("[run]\nseed = -1\n", 2, "seed"),
            ("[timeouts]\nrpc = \"soon\"\n", 2, "a time such as 15s"),
            ("[timeouts]\nscale = 0.0\n", 2, "0.1 to 100"),
            ("[run]\nprofile = \"default\"\n", 2, "unknown field"),
            ("[config]\ndomain = \"acme.example\"\n", 1, "unknown field"),
            ("[plugin\n", 1, ""),
            ("[compat]\nchanels = []\n", 2, "did you mean channels?"),
            (
                "[compat]\nchannels = [\n  \"wires\",\n]\n",
                2,
                "did you mean wire?",
            ),
            ("[compat]\ndeletion = \"after\"\n", 2, "after:2"),
            (
                "[[compat.payload]]\nfield = \"a\"\ntype = []\n",
                3,
                "did you mean types?",
            ),
        ] {
            let shown = parse(text).unwrap_err().shown("f", text);
            assert!(shown.contains(&format!("f:{line}:")), "{text}\n{shown}");
            assert!(shown.contains(words), "{text}\n{shown}");
        }
    }
}
