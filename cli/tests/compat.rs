//! `aperio-plugin compat`, each time in a directory of its own.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod compat {
    mod buf_rulebook;
    mod check;
    mod inputs;
    mod lock;
}

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_aperio-plugin");

/// Far more than any of these runs takes; one that waits for a writer waits
/// for ever.
const PATIENCE: Duration = Duration::from_mins(2);

/// A directory with these files.
fn home(files: &[(&str, &str)]) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(home.path(), path, text);
    }
    home
}

fn write(home: &Path, path: &str, text: &str) {
    let place = home.join(path);
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    std::fs::write(place, text).unwrap();
}

/// A command with nothing to read and all that it says kept.
fn compat(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(BINARY);
    command
        .arg("compat")
        .args(args)
        .current_dir(home)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for the end; what does not come to one fails the test.
fn ended(child: Child) -> Output {
    let pid = child.id().to_string();
    let (sender, output) = mpsc::channel();
    std::thread::spawn(move || sender.send(child.wait_with_output()));
    output.recv_timeout(PATIENCE).map_or_else(
        |_| {
            let _ = Command::new("kill").args(["-KILL", &pid]).status();
            panic!("it waits for ever");
        },
        Result::unwrap,
    )
}

/// Exit code, and all that is said.
fn told(home: &Path, args: &[&str]) -> (i32, String) {
    let output = ended(compat(home, args).spawn().unwrap());
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

/// Runs and asserts the exit code, and words of what is said.
fn ends(home: &Path, args: &[&str], code: i32, words: &[&str]) -> String {
    let (found, text) = told(home, args);
    assert_eq!(found, code, "{args:?}\n{text}");
    for words in words {
        assert!(text.contains(words), "{args:?}: no {words:?} in\n{text}");
    }
    text
}
