//! Sets of texts that no compiler here can read: the protoc of grpcio-tools
//! made them. `UPDATE_EDITIONS=python3` has it make them again, with that
//! Python.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The committed set of some files.
pub(crate) fn committed(set: &Path, files: &BTreeMap<String, String>) -> Vec<u8> {
    if let Some(python) = std::env::var_os("UPDATE_EDITIONS") {
        let tree = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = tree.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::create_dir_all(set.parent().unwrap()).unwrap();
        let status = Command::new(python)
            .args(["-m", "grpc_tools.protoc", "--include_source_info", "-I."])
            .arg(format!("--descriptor_set_out={}", set.display()))
            .args(files.keys())
            .current_dir(tree.path())
            .status()
            .unwrap();
        assert!(status.success(), "protoc refuses {}", set.display());
    }
    std::fs::read(set).unwrap_or_else(|_| {
        panic!(
            "{} is not there: set UPDATE_EDITIONS=python3",
            set.display()
        )
    })
}

/// FNV-1a: a set is called after its text too.
#[allow(dead_code, reason = "some sets are called after a table")]
pub(crate) fn checksum(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
