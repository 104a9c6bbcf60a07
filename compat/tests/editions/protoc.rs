//! Descriptor sets of texts that no compiler here can read: protoc made them.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Command;

/// The set of these texts. It is called after `name` and the texts, so that
/// another text asks for another set; `UPDATE_EDITIONS=python3` has the protoc
/// of grpcio-tools make it, with that Python.
pub(crate) fn committed(name: &str, files: &BTreeMap<String, String>) -> Result<Vec<u8>, String> {
    let text: String = files.values().map(String::as_str).collect();
    let name = format!("{name}-{:08x}.binpb", checksum(text.as_bytes()));
    let place = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/editions")
        .join(&name);
    if let Some(python) = std::env::var_os("UPDATE_EDITIONS") {
        let mut protoc = Command::new(python);
        protoc
            .args(["-m", "grpc_tools.protoc", "--include_source_info", "-I."])
            .arg(format!("--descriptor_set_out={}", place.display()))
            .args(files.keys());
        compile(&mut protoc, files).map_err(|error| format!("protoc makes no {name}: {error}"))?;
    }
    std::fs::read(&place)
        .map_err(|error| format!("{name}: {error}; UPDATE_EDITIONS=python3 makes it"))
}

fn compile(protoc: &mut Command, files: &BTreeMap<String, String>) -> io::Result<()> {
    let tree = tempfile::tempdir()?;
    for (path, text) in files {
        let path = tree.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(tree.path()))?;
        std::fs::write(path, text)?;
    }
    let status = protoc.current_dir(tree.path()).status()?;
    status
        .success()
        .then_some(())
        .ok_or_else(|| io::Error::other(status.to_string()))
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
