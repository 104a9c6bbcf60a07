//! The committed code, descriptor set and digest are what the `.proto` text
//! makes. `UPDATE_GENERATED=1 cargo test -p proto` rewrites them.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, ReflectMessage, Value};
use prost_types::FileDescriptorProto;
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

fn compiled() -> protox::Compiler {
    let mut files = Vec::new();
    sources(&root(), &mut files);
    files.sort();
    let mut compiler = protox::Compiler::new([root()]).unwrap();
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(files).unwrap();
    compiler
}

/// Files by name, as messages: prost's own descriptor types would lose the
/// options that are extensions.
fn files(compiler: &protox::Compiler) -> BTreeMap<String, DynamicMessage> {
    let encoded = compiler.encode_file_descriptor_set();
    let pool = DescriptorPool::decode(encoded.as_slice()).unwrap();
    let set = pool.get_message_by_name(SET).unwrap();
    let set = DynamicMessage::decode(set, encoded.as_slice()).unwrap();
    let files = set.get_field_by_name("file").unwrap();
    let named = files.as_list().unwrap().iter().map(|file| {
        let mut file = file.as_message().unwrap().clone();
        // Comments are for readers of the text; a digest does not move by them.
        file.clear_field_by_name("source_code_info");
        let name = file.get_field_by_name("name").unwrap().into_owned();
        (name.as_str().unwrap().to_owned(), file)
    });
    named.collect()
}

const SET: &str = "google.protobuf.FileDescriptorSet";

fn encoded<'a>(files: impl Iterator<Item = &'a DynamicMessage>) -> Vec<u8> {
    let mut files = files.peekable();
    let pool = files.peek().unwrap().descriptor().parent_pool().clone();
    let mut set = DynamicMessage::new(pool.get_message_by_name(SET).unwrap());
    let files = files.cloned().map(Value::Message).collect();
    set.set_field_by_name("file", Value::List(files));
    set.encode_to_vec()
}

fn digest(files: &BTreeMap<String, DynamicMessage>) -> String {
    let descriptor =
        |name: &str| FileDescriptorProto::decode(files[name].encode_to_vec().as_slice());
    let mut wanted: Vec<String> = files
        .keys()
        .filter(|name| descriptor(name).unwrap().package() == "aperio.plugin.v1")
        .cloned()
        .collect();
    let mut inside = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        if !name.starts_with("google/protobuf/") && inside.insert(name.clone()) {
            wanted.extend(descriptor(&name).unwrap().dependency);
        }
    }
    let set = encoded(inside.iter().map(|name| &files[name]));
    Sha256::digest(set)
        .iter()
        .fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
}

#[test]
fn generated_files_are_what_the_text_makes() {
    let compiler = compiled();
    let out = tempfile::tempdir().unwrap();
    tonic_prost_build::configure()
        .out_dir(out.path())
        .emit_rerun_if_changed(false)
        // Output of a plugin is looked at where it lies, not copied.
        .bytes(".plugin.StdioData.data")
        .client_mod_attribute(".", "#[cfg(feature = \"grpc\")]")
        .server_mod_attribute(".", "#[cfg(feature = \"grpc\")]")
        .compile_fds(compiler.file_descriptor_set())
        .unwrap();
    let files = files(&compiler);
    std::fs::write(
        out.path().join("descriptors.binpb"),
        encoded(files.values()),
    )
    .unwrap();
    std::fs::write(out.path().join("digest.txt"), digest(&files)).unwrap();

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
