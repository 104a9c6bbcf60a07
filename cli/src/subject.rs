//! The plugin that the command line names.

use crate::REFERENCE_PLUGIN;
use host::{Plugin, Running};
use plugin::{Defect, Plant};
use sha2::{Digest, Sha256};
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::fs::OpenOptions;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The form of the JSON, as go-plugin's own hosts take it.
const REATTACH: &str = r#"{"NAME":{"Protocol":"grpc","ProtocolVersion":1,"Pid":N,"Test":true,"Addr":{"Network":"unix","String":"/path"}}}"#;

/// A mistake in naming the plugin: what, and what to do.
pub(crate) struct Misnamed {
    pub(crate) what: String,
    pub(crate) hint: &'static str,
}

/// The plugin that these words start; a program and arguments that name files
/// are looked for below `base`.
pub(crate) fn plugin(words: &[OsString], base: &Path) -> Result<Plugin, Misnamed> {
    let Some((program, args)) = words.split_first() else {
        return Ok(embedded());
    };
    let mut plugin = Plugin::new(find(program, base)?, args.iter().cloned());
    // An argument that names a file here means the file here.
    let names_file = |arg: &OsString| Path::new(arg).is_relative() && base.join(arg).exists();
    if args.iter().any(names_file)
        && let Ok(here) = std::path::absolute(base.join("."))
    {
        plugin.working_dir = here;
    }
    Ok(plugin)
}

/// The plugin that go-plugin's reattach JSON names.
pub(crate) fn running(json: &str) -> Result<Plugin, Misnamed> {
    let running = Running::parse(json).map_err(|error| Misnamed {
        what: format!("--reattach is no reattach JSON: {error}"),
        hint: REATTACH,
    })?;
    let program = running.program().unwrap_or_default();
    let mut plugin = Plugin::new(program, []);
    plugin.running = Some(running);
    Ok(plugin)
}

/// The reference plugin without a fault.
pub(crate) fn embedded() -> Plugin {
    Plugin::new(own_file(), [OsString::from(REFERENCE_PLUGIN)])
}

/// A word as a POSIX shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "-_./=:,+@%".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// This file as the reference plugin, with one defect or none; a defect of the
/// file itself is planted in `dir`.
pub(crate) fn reference(defect: Option<&Defect>, dir: &Path) -> std::io::Result<Plugin> {
    let mut file = own_file();
    let mut args = vec![OsString::from(REFERENCE_PLUGIN)];
    match defect.map(|defect| (defect.name, defect.plant)) {
        None => {}
        Some((name, Plant::Behavior(_))) => args.extend(["--defect".into(), name.into()]),
        Some((_, Plant::File(plant))) => file = plant(&file, dir)?,
    }
    Ok(Plugin::new(file, args))
}

fn own_file() -> PathBuf {
    std::env::current_exe().unwrap_or_else(|_| PathBuf::from("/proc/self/exe"))
}

/// The absolute path of a program: as given, below `base`, or on PATH.
fn find(program: &OsStr, base: &Path) -> Result<PathBuf, Misnamed> {
    let path = Path::new(program);
    let found = if path.components().count() > 1 || path.is_absolute() {
        std::path::absolute(base.join(path))
            .ok()
            .filter(|path| path.is_file())
    } else {
        std::env::var_os("PATH").and_then(|dirs| {
            std::env::split_paths(&dirs)
                .map(|dir| dir.join(path))
                .find(|path| path.is_file())
        })
    };
    found.ok_or_else(|| Misnamed {
        what: format!("there is no file {}", path.display()),
        hint: "name the plugin's binary after --, with a path if it is not on PATH",
    })
}

/// Most bytes of a plugin's file.
const FILE_BYTES: u64 = 4 << 30;

/// SHA-256 of a file, as hex. A plugin may have put a pipe or a device without
/// end in its place, which are no file.
pub(crate) fn digest(path: &Path) -> Option<String> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
        .open(path)
        .ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut hasher = Sha256::new();
    let read = std::io::copy(&mut file.take(FILE_BYTES + 1), &mut hasher).ok()?;
    if read > FILE_BYTES {
        return None;
    }
    Some(
        hasher
            .finalize()
            .iter()
            .fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            }),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_has_no_digest() {
        assert_eq!(digest(Path::new("/dev/zero")), None);
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, rustix::fs::Mode::RWXU, 0).unwrap();
        assert_eq!(digest(&pipe), None);
        let file = dir.path().join("file");
        std::fs::write(&file, b"abc").unwrap();
        assert!(digest(&file).unwrap().starts_with("ba7816bf"));
    }
}
