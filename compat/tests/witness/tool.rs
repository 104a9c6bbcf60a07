//! protobuf for Python, installed once, and a conversation with it.

use libtest_mimic::Failed;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const PACKAGES: [&str; 2] = ["protobuf==7.36.0", "grpcio-tools==1.85.1"];

pub(crate) struct Oracle {
    python: PathBuf,
}

/// What the compiler answers.
#[derive(Deserialize)]
pub(crate) struct Sets {
    pub(crate) runtime: String,
    /// Base64.
    pub(crate) sets: Vec<String>,
}

/// What the runtime answers.
#[derive(Deserialize)]
pub(crate) struct Answers {
    pub(crate) read: Vec<Read>,
    pub(crate) made: Vec<Vec<Made>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Read {
    Message { json: Value, again: String },
    Refused { error: String },
}

#[derive(Debug, Deserialize)]
pub(crate) struct Made {
    pub(crate) bytes: String,
    pub(crate) json: Value,
}

impl Oracle {
    /// The runtime below the target directory; installed by pip where it is
    /// not there.
    pub(crate) fn installed() -> Result<Oracle, String> {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../oracle");
        let python = home.join("venv/bin/python");
        let ready = home.join("ready");
        if std::fs::read_to_string(&ready).is_ok_and(|packages| packages == PACKAGES.join(" ")) {
            return Ok(Oracle { python });
        }
        std::fs::create_dir_all(&home).map_err(|error| error.to_string())?;
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(home.join("venv"));
        let mut pip = Command::new(&python);
        pip.args(["-m", "pip", "install", "--quiet", "--only-binary", ":all:"]);
        pip.args(PACKAGES);
        for mut command in [venv, pip] {
            let output = command
                .stdin(Stdio::null())
                .output()
                .map_err(|error| format!("Python cannot be started: {error}"))?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                return Err(format!("protobuf for Python is not installed: {said}"));
            }
        }
        std::fs::write(&ready, PACKAGES.join(" ")).map_err(|error| error.to_string())?;
        Ok(Oracle { python })
    }

    /// The Python that has the runtime and the compiler.
    #[allow(dead_code, reason = "the test `source` runs scripts of its own")]
    pub(crate) fn python(&self) -> &Path {
        &self.python
    }

    pub(crate) fn start(&self) -> Result<Conversation, Failed> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/witness/oracle.py");
        let mut child = Command::new(&self.python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Conversation {
            into: child.stdin.take().ok_or("no stdin")?,
            from: BufReader::new(child.stdout.take().ok_or("no stdout")?),
            child,
        })
    }
}

pub(crate) struct Conversation {
    child: Child,
    into: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Conversation {
    /// One line there, one line back.
    pub(crate) fn ask<T: DeserializeOwned>(&mut self, question: &Value) -> Result<T, Failed> {
        writeln!(self.into, "{question}")?;
        self.into.flush()?;
        let mut answer = String::new();
        if self.from.read_line(&mut answer)? == 0 {
            return Err(format!("the oracle ends: {}", self.child.wait()?).into());
        }
        Ok(serde_json::from_str(&answer)?)
    }

    pub(crate) fn end(mut self) -> Result<(), Failed> {
        drop(self.into);
        let status = self.child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(format!("the oracle ends: {status}").into())
        }
    }
}
