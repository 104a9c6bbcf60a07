//! The plugin that the command line names.

use crate::REFERENCE_PLUGIN;
use crate::args::{Contract as ContractArg, Test};
use host::Running;
use host::plugin::{Contract, Cookie, Plugin};
use plugin::{Defect, Plant};
use sha2::{Digest, Sha256};
use std::ffi::{OsStr, OsString};
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The form of the JSON, as go-plugin's own hosts take it.
const REATTACH: &str = r#"{"NAME":{"Protocol":"grpc","ProtocolVersion":1,"Pid":N,"Test":true,"Addr":{"Network":"unix","String":"/path"}}}"#;

/// A mistake in naming the plugin: what, and what to do.
pub(crate) struct Misnamed {
    pub(crate) what: String,
    pub(crate) hint: &'static str,
}

/// The plugin after `--`, a running one, or the embedded reference plugin.
pub(crate) fn plugin(test: &Test) -> Result<Plugin, Misnamed> {
    let mut plugin = match test.command.split_first() {
        None if let Some(json) = &test.reattach => running(json)?,
        None => Plugin::new(own_file(), [OsString::from(REFERENCE_PLUGIN)]),
        Some((program, args)) => {
            let program = find(program)?;
            let mut plugin = Plugin::new(program, args.iter().cloned());
            // An argument that names a file here means the file here.
            if args
                .iter()
                .any(|arg| Path::new(arg).is_relative() && Path::new(arg).exists())
                && let Ok(here) = std::env::current_dir()
            {
                plugin.working_dir = here;
            }
            plugin
        }
    };
    if let Some(cookie) = &test.cookie {
        let Some((key, value)) = cookie.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(Misnamed {
                what: format!("--cookie {cookie:?} has no key"),
                hint: "write it as KEY=VALUE",
            });
        };
        plugin.cookie = Cookie {
            key: key.to_owned(),
            value: value.to_owned(),
        };
    }
    if !test.app_protocols.is_empty() {
        plugin.majors.clone_from(&test.app_protocols);
    }
    let foreign = test.cookie.is_some() || !test.app_protocols.is_empty();
    plugin.contract = match test.contract {
        Some(ContractArg::GoPlugin) => Contract::GoPlugin,
        None if foreign => Contract::GoPlugin,
        Some(ContractArg::Aperio) | None => Contract::Aperio,
    };
    plugin.auto_mtls = !test.no_auto_mtls;
    Ok(plugin)
}

/// The plugin that go-plugin's reattach JSON names.
fn running(json: &str) -> Result<Plugin, Misnamed> {
    let running = Running::parse(json).map_err(|error| Misnamed {
        what: format!("--reattach is no reattach JSON: {error}"),
        hint: REATTACH,
    })?;
    let program = running.program().unwrap_or_default();
    let mut plugin = Plugin::new(program, []);
    plugin.running = Some(running);
    Ok(plugin)
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

/// The absolute path of a program: as given, or on PATH.
fn find(program: &OsStr) -> Result<PathBuf, Misnamed> {
    let path = Path::new(program);
    let found = if path.components().count() > 1 || path.is_absolute() {
        std::path::absolute(path).ok().filter(|path| path.is_file())
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

/// SHA-256 of a file, as hex.
pub(crate) fn digest(path: &Path) -> Option<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut std::fs::File::open(path).ok()?, &mut hasher).ok()?;
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
