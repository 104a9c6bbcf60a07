//! Files of the disk, read whole: never waited for, and never without end.

use rustix::fs::{Mode, OFlags};
use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// Reads a regular file of at most so many bytes.
///
/// Opening a pipe waits for its writer, and a device may act on it, so what is
/// no regular file is not opened. The second look is at what was opened: the
/// name may stand for something else by then.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let met = fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound if path.is_symlink() => {
            Error::new(ErrorKind::NotFound, "it is a link that leads nowhere")
        }
        _ => error,
    })?;
    let irregular = || Error::other("it is no regular file");
    if !met.is_file() {
        return Err(irregular());
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(irregular());
    }
    let mut bytes = Vec::new();
    file.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        return Err(Error::other(format!("it is larger than {most} bytes")));
    }
    Ok(bytes)
}

/// Whether anything has this name, be it a link that leads nowhere.
pub fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn only_what_is_a_file_and_small_is_read() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("a");
        let told = |path: &Path| read(path, 3).unwrap_err().to_string();
        assert!(!is_there(&place));
        assert_eq!(read(&place, 3).unwrap_err().kind(), ErrorKind::NotFound);
        fs::write(&place, "abc").unwrap();
        assert_eq!(read(&place, 3).unwrap(), b"abc");
        fs::write(&place, "abcd").unwrap();
        assert_eq!(told(&place), "it is larger than 3 bytes");
        let link = home.path().join("link");
        symlink("nowhere", &link).unwrap();
        assert!(is_there(&link));
        assert_eq!(told(&link), "it is a link that leads nowhere");
        for other in [home.path(), Path::new("/dev/zero")] {
            assert_eq!(told(other), "it is no regular file");
        }
        // It says that it is empty, and is not.
        assert_eq!(
            told(Path::new("/proc/self/status")),
            "it is larger than 3 bytes"
        );
    }
}
