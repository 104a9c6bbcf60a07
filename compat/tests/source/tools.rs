//! protoc with the generators of Go, installed once, and what it generates.

use super::table::{Case, Files, MODULE, go_package};
use crate::tool::Oracle;
use compat::Era;
use libtest_mimic::Failed;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The generators of the fixtures.
const GENERATORS: [&str; 2] = [
    "google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12",
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2",
];

pub(crate) struct Tools {
    pub(crate) python: PathBuf,
    pub(crate) go: PathBuf,
    bin: PathBuf,
}

impl Tools {
    /// Python as for the witnesses, and the generators below the target
    /// directory; what is not there is installed.
    pub(crate) fn installed() -> Result<Tools, String> {
        let python = Oracle::installed()?.python().to_owned();
        let bin = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../source-tools");
        std::fs::create_dir_all(&bin).map_err(|error| error.to_string())?;
        let bin = bin.canonicalize().map_err(|error| error.to_string())?;
        let ready = bin.join("ready");
        if !std::fs::read_to_string(&ready).is_ok_and(|tools| tools == GENERATORS.join(" ")) {
            for generator in GENERATORS {
                let mut go = Command::new("go");
                go.args(["install", generator]).env("GOBIN", &bin);
                let output = go
                    .stdin(Stdio::null())
                    .output()
                    .map_err(|error| format!("Go cannot be started: {error}"))?;
                if !output.status.success() {
                    let said = String::from_utf8_lossy(&output.stderr).into_owned();
                    return Err(format!("{generator} is not installed: {said}"));
                }
            }
            std::fs::write(&ready, GENERATORS.join(" ")).map_err(|error| error.to_string())?;
        }
        Ok(Tools {
            python,
            go: PathBuf::from("go"),
            bin,
        })
    }

    fn protoc(&self, root: &Path) -> Command {
        let mut command = Command::new(&self.python);
        command.args(["-m", "grpc_tools.protoc"]);
        command.arg(format!("-I{}", root.display()));
        command
    }

    /// Generates both languages for one side of all cases, at once.
    pub(crate) fn generate(&self, home: &Path, side: &str, files: &Files) -> Result<(), Failed> {
        let texts = home.join("proto").join(side);
        write(&texts, files)?;
        let python = home.join("python").join(side);
        std::fs::create_dir_all(&python)?;
        let mut command = self.protoc(&texts);
        for name in ["protoc-gen-go", "protoc-gen-go-grpc"] {
            command.arg(format!("--plugin={name}={}", self.bin.join(name).display()));
        }
        for out in ["python_out", "grpc_python_out"] {
            command.arg(format!("--{out}={}", python.display()));
        }
        for out in ["go", "go-grpc"] {
            command.arg(format!("--{out}_out={}", home.display()));
            command.arg(format!("--{out}_opt=module={MODULE}"));
            for (path, text) in files {
                let package = go_package(text).ok_or("every file has a Go package")?;
                command.arg(format!("--{out}_opt=M{path}={MODULE}/{side}/{package}"));
            }
        }
        command.args(files.keys());
        output(&mut command)?;
        Ok(())
    }

    /// The descriptors of texts.
    pub(crate) fn described(&self, root: &Path, files: &Files) -> Result<Vec<u8>, Failed> {
        write(root, files)?;
        let set = root.join("set.binpb");
        let mut command = self.protoc(root);
        command.arg(format!("--descriptor_set_out={}", set.display()));
        command.arg("--include_source_info");
        output(command.args(files.keys()))?;
        Ok(std::fs::read(set)?)
    }

    /// Whether the file that imports the others compiles beside them.
    pub(crate) fn compiles(
        &self,
        root: &Path,
        case: &Case,
        era: Era,
    ) -> Result<Result<(), String>, Failed> {
        let mut files = case.files(era);
        files.extend(case.user());
        write(root, &files)?;
        let mut command = self.protoc(root);
        command.arg(format!(
            "--descriptor_set_out={}",
            root.join("set").display()
        ));
        command.args(files.keys());
        let output = command.stdin(Stdio::null()).output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Ok(output.status.success().then_some(()).ok_or(said))
    }
}

fn write(root: &Path, files: &Files) -> Result<(), Failed> {
    for (path, text) in files {
        let place = root.join(path);
        std::fs::create_dir_all(place.parent().ok_or("a file has a folder")?)?;
        std::fs::write(place, text)?;
    }
    Ok(())
}

/// What a command prints, if it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>, Failed> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {said}", command.get_program().display()).into())
}
