use crate::declare::requirement;
use host::Session;
use rustix::fs::OFlags;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use terms::{Finding, Judgement, Place, Verdict};

/// Bytes looked at of one file.
const MOST: u64 = 64 << 10;
/// Files looked at.
const FILES: usize = 1000;

requirement! {
    /// No private key stays on disk.
    ///
    /// A key in a temporary file is readable for every process of the same user, and stays there when the plugin is killed.
    ///
    /// ## How it is judged
    ///
    /// The files of the launch's private directories, while the plugin serves under AutoMTLS, are searched for the words of a PEM key.
    ///
    /// ## Usual causes
    ///
    /// A TLS stack that loads keys from files only: use an unnamed file in memory.
    "TLS-022", Should, since "1.0", session over tls
}

async fn judge(session: &mut Session) -> Judgement {
    session.health("plugin").await;
    let record = session.record();
    let mut directories = vec![record.temp.clone()];
    if record.sockets != record.temp {
        directories.push(record.sockets.clone());
    }
    let findings = directories
        .iter()
        .flat_map(|root| files(root))
        .filter(|path| holds_key(path))
        .map(|path| {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            Finding::new("a private key stands in a file")
                .at(Place::Process)
                .expected("no PRIVATE KEY in TMPDIR")
                .actual(name)
        })
        .collect();
    Ok(Verdict::of(findings))
}

fn files(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![root.to_path_buf()]);
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => open.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
            if found.len() + open.len() > FILES {
                return found;
            }
        }
    }
    found
}

fn holds_key(path: &Path) -> bool {
    let mut bytes = Vec::new();
    // The plugin may put a link or a pipe there at any moment.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let read = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map(|file| file.take(MOST).read_to_end(&mut bytes));
    let words = b"PRIVATE KEY-----";
    read.is_ok() && bytes.windows(words.len()).any(|window| window == words)
}
