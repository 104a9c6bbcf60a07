//! Who stands below this process.

use crate::process::was_plugin;
use procfs::process::Process;

/// Parents that are followed; nobody has so many.
const STEPS: usize = 4096;

/// Whether a process was started by this one or by one below it; a process
/// whose parent has ended comes back to this one. None where it is gone and was
/// not seen to go.
pub fn is_below(pid: i32) -> Option<bool> {
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let mut at = pid;
    for _ in 0..STEPS {
        let parent = Process::new(at).and_then(|process| process.stat());
        match parent.map(|stat| stat.ppid) {
            Ok(parent) if parent == own => return Some(true),
            // Nobody's child is nobody's descendant.
            Ok(0) => return Some(false),
            Ok(parent) => at = parent,
            Err(_) if at == pid => return was_plugin(pid).then_some(true),
            // A parent ended between two looks: its child has another now.
            Err(_) => at = pid,
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::process::{Command, Stdio};

    #[test]
    fn children_and_theirs_are_below() {
        let mut child = Command::new("/bin/sh")
            .args(["-c", "sleep 60 & echo $!; wait"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut text = Vec::new();
        let mut stdout = child.stdout.take().unwrap();
        let mut byte = [0];
        while stdout.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            text.push(byte[0]);
        }
        let inner: i32 = String::from_utf8(text).unwrap().parse().unwrap();
        let pid = child.id().cast_signed();
        assert_eq!(is_below(inner), Some(true));
        assert_eq!(is_below(pid), Some(true));
        let own = rustix::process::getpid().as_raw_nonzero().get();
        assert_eq!(is_below(own), Some(false));
        assert_eq!(is_below(1), Some(false));
        let inner = rustix::process::Pid::from_raw(inner).unwrap();
        rustix::process::kill_process(inner, rustix::process::Signal::KILL).unwrap();
        child.wait().unwrap();
        assert_eq!(is_below(pid), None);
    }
}
