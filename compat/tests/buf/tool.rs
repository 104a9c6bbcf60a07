//! The real buf, installed once, and what it says.

use libtest_mimic::Failed;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

const PACKAGE: &str = "@bufbuild/buf@1.75.0";

#[derive(Clone)]
pub(crate) struct Buf {
    program: PathBuf,
}

/// One line of buf's JSON.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::struct_field_names, reason = "the names are buf's")]
pub(crate) struct Line {
    #[serde(default)]
    pub(crate) path: String,
    #[serde(default)]
    pub(crate) start_line: u32,
    #[serde(default)]
    pub(crate) start_column: u32,
    #[serde(default)]
    pub(crate) end_line: u32,
    #[serde(default)]
    pub(crate) end_column: u32,
    pub(crate) r#type: String,
    #[serde(default)]
    pub(crate) message: String,
}

static INSTALLING: Mutex<()> = Mutex::new(());

impl Buf {
    /// buf below the target directory; installed by npm where it is not there.
    pub(crate) fn installed() -> Result<Buf, String> {
        let _one = INSTALLING.lock().map_err(|error| error.to_string())?;
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../buf");
        let program = home.join("node_modules/.bin/buf");
        if !program.is_file() {
            std::fs::create_dir_all(&home).map_err(|error| error.to_string())?;
            let npm = Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"])
                .arg(&home)
                .arg(PACKAGE)
                .output()
                .map_err(|error| format!("npm cannot be started: {error}"))?;
            if !npm.status.success() {
                let said = String::from_utf8_lossy(&npm.stderr).into_owned();
                return Err(format!("npm did not install buf: {said}"));
            }
        }
        let program = program.canonicalize().map_err(|error| error.to_string())?;
        Ok(Buf { program })
    }

    /// The program itself: npm's starts it through node.
    #[allow(dead_code, reason = "tests may wait for node")]
    pub(crate) fn native(&self) -> Result<PathBuf, String> {
        let packages = self.program.ancestors().nth(3);
        let packages = packages.ok_or("buf stands nowhere")?;
        let entries = std::fs::read_dir(packages).map_err(|error| error.to_string())?;
        let mut programs = entries
            .filter_map(Result::ok)
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("buf-"))
            .map(|entry| entry.path().join("bin/buf"));
        programs
            .find(|program| program.is_file())
            .ok_or_else(|| "npm brought no buf for this machine".to_owned())
    }

    pub(crate) fn run(&self, directory: &Path, words: &[&str]) -> Result<Output, Failed> {
        Ok(Command::new(&self.program)
            .current_dir(directory)
            .args(words)
            .output()?)
    }

    /// What `buf breaking` says, by a configuration.
    pub(crate) fn breaking(
        &self,
        directory: &Path,
        (new, old): (&str, &str),
        config: &str,
        more: &[&str],
    ) -> Result<Vec<Line>, Failed> {
        let mut words = vec!["breaking", new, "--against", old, "--error-format", "json"];
        words.extend(["--config", config]);
        words.extend(more);
        let output = self.run(directory, &words)?;
        if !matches!(output.status.code(), Some(0 | 100)) {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("buf breaking failed: {said}").into());
        }
        let text = String::from_utf8(output.stdout)?;
        let lines = text.lines().map(serde_json::from_str::<Line>);
        Ok(lines.collect::<Result<_, _>>()?)
    }

    /// Builds an image of a directory; what does not compile is told by path.
    pub(crate) fn build(
        &self,
        directory: &Path,
        input: &str,
        image: &str,
    ) -> Result<Result<(), Vec<Line>>, Failed> {
        let output = self.run(
            directory,
            &["build", input, "-o", image, "--error-format", "json"],
        )?;
        if output.status.success() {
            return Ok(Ok(()));
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let lines: Vec<Line> = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        if lines.is_empty() {
            return Err(format!("buf build failed: {text}").into());
        }
        Ok(Err(lines))
    }
}
