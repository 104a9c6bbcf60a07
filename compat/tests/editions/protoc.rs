//! Sets of texts that no compiler here can read: the protoc of grpcio-tools
//! made them. `UPDATE_EDITIONS=python3` has it make them again, with that
//! Python.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The committed set of some files. It is called after `name` and their texts,
/// so that another text asks for another set.
pub(crate) fn committed(name: &str, files: &BTreeMap<String, String>) -> Vec<u8> {
    let text: String = files.values().map(String::as_str).collect();
    let name = format!("{name}-{:08x}.binpb", checksum(text.as_bytes()));
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/editions");
    let set = home.join(&name);
    if let Some(python) = std::env::var_os("UPDATE_EDITIONS") {
        let tree = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = tree.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let status = Command::new(python)
            .args(["-m", "grpc_tools.protoc", "--include_source_info", "-I."])
            .arg(format!("--descriptor_set_out={}", set.display()))
            .args(files.keys())
            .current_dir(tree.path())
            .status()
            .unwrap();
        assert!(status.success(), "protoc refuses {name}");
    }
    std::fs::read(&set)
        .unwrap_or_else(|error| panic!("{name}: {error}; UPDATE_EDITIONS=python3 makes it"))
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
