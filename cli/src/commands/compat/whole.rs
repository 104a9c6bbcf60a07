//! Files that others read while they are written: the one before, or the new
//! one, and never a part.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Writes a file, whole or not at all. A link stays where it is, and so does
/// what is no file: a pipe or a terminal is written to.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let met = match fs::metadata(path) {
        Ok(met) if !met.is_file() => return fs::write(path, bytes),
        Ok(met) => Some(met),
        // What the file to be is kept from being is told when it is made.
        Err(_) if path.is_symlink() => return fs::write(path, bytes),
        Err(_) => None,
    };
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
    file.persist(&place)?;
    Ok(())
}
