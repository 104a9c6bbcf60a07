//! Files that others read while they are written: the one before, or the new
//! one, and never a part.

use std::fs::{self, Permissions};
use std::io::ErrorKind::{PermissionDenied, ResourceBusy};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes a file, whole or not at all. A link stays where it is. What is no
/// file, or stands for one that somebody has open as `/dev/stdout` does, is
/// written to and stays too, as is a file whose directory takes no other.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let is_open = ["/dev", "/proc"].iter().any(|home| path.starts_with(home));
    let met = match fs::metadata(path) {
        Ok(met) if !met.is_file() || is_open => return fs::write(path, bytes),
        Ok(met) => Some(met),
        // The link says where the file will be.
        Err(_) if path.is_symlink() => return fs::write(path, bytes),
        Err(_) => None,
    };
    let is_there = met.is_some();
    match replace(path, met, bytes) {
        // Only where none may stand beside it or take its place: a full disk
        // would cost the file before, too.
        Err(error) if is_there && matches!(error.kind(), PermissionDenied | ResourceBusy) => {
            fs::write(path, bytes)
        }
        written => written,
    }
}

fn replace(path: &Path, met: Option<fs::Metadata>, bytes: &[u8]) -> io::Result<()> {
    let place = match met {
        Some(_) => path.canonicalize()?,
        None => path.to_owned(),
    };
    let home = place.parent().filter(|home| !home.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(home.unwrap_or(Path::new(".")))?;
    file.write_all(bytes)?;
    if let Some(met) = met {
        file.as_file().set_permissions(met.permissions())?;
    }
    file.persist(place)?;
    Ok(())
}
