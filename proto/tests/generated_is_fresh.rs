//! The committed code, descriptor set and digest are what the `.proto` text
//! makes. `UPDATE_GENERATED=1 cargo test -p proto` rewrites them.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "proto") {
            found.push(path.strip_prefix(root()).unwrap().to_path_buf());
        }
    }
}

fn compiled() -> FileDescriptorSet {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    files.sort();
    let mut compiler = protox::Compiler::new([root()]).unwrap();
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(files).unwrap();
    compiler.file_descriptor_set()
}

fn stripped(mut set: FileDescriptorSet) -> FileDescriptorSet {
    for file in &mut set.file {
        file.source_code_info = None;
    }
    set.file.sort_by(|a, b| a.name.cmp(&b.name));
    set
}

fn digest(set: &FileDescriptorSet) -> String {
    let by_name: BTreeMap<&str, &FileDescriptorProto> =
        set.file.iter().map(|file| (file.name(), file)).collect();
    let mut wanted: Vec<&str> = set
        .file
        .iter()
        .filter(|file| file.package() == "aperio.plugin.v1")
        .map(FileDescriptorProto::name)
        .collect();
    let mut inside = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        if !name.starts_with("google/protobuf/") && inside.insert(name) {
            wanted.extend(by_name[name].dependency.iter().map(String::as_str));
        }
    }
    let set = FileDescriptorSet {
        file: inside.iter().map(|name| (*by_name[name]).clone()).collect(),
    };
    Sha256::digest(set.encode_to_vec())
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}

#[test]
fn generated_files_are_what_the_text_makes() {
    let set = compiled();
    let out = tempfile::tempdir().unwrap();
    tonic_prost_build::configure()
        .out_dir(out.path())
        .emit_rerun_if_changed(false)
        .client_mod_attribute(".", "#[cfg(feature = \"grpc\")]")
        .server_mod_attribute(".", "#[cfg(feature = \"grpc\")]")
        .disable_comments(["."])
        .compile_fds(set.clone())
        .unwrap();
    let set = stripped(set);
    std::fs::write(out.path().join("descriptors.binpb"), set.encode_to_vec()).unwrap();
    std::fs::write(out.path().join("digest.txt"), digest(&set)).unwrap();

    let committed = root().join("src/generated");
    let update = std::env::var_os("UPDATE_GENERATED").is_some();
    let mut names = BTreeSet::new();
    for entry in std::fs::read_dir(out.path()).unwrap() {
        let entry = entry.unwrap();
        let (name, fresh) = (entry.file_name(), std::fs::read(entry.path()).unwrap());
        // The option declarations make no Rust items.
        if name.to_string_lossy().starts_with("aperio.annotations") {
            continue;
        }
        let path = committed.join(&name);
        names.insert(name);
        if update {
            std::fs::write(&path, &fresh).unwrap();
        }
        assert!(
            std::fs::read(&path).is_ok_and(|old| old == fresh),
            "{} is stale: run UPDATE_GENERATED=1 cargo test -p proto",
            path.display()
        );
    }
    for entry in std::fs::read_dir(&committed).unwrap() {
        let name = entry.unwrap().file_name();
        assert!(
            names.contains(&name),
            "{} is made of nothing",
            name.display()
        );
    }
}
