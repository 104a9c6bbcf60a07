//! Why a file could not be started, told from the file itself.

use std::fmt;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// A start that never reached the program's first instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecFailure {
    /// What is wrong with the file, or with the machine.
    pub trouble: ExecTrouble,
    /// The system's error in words.
    pub error: String,
}

/// What keeps a file from starting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecTrouble {
    /// No execute permission, or a file system mounted without it.
    NotExecutable {
        /// Permission bits of the file.
        mode: u32,
    },
    /// Another architecture or format.
    WrongFormat {
        /// What the file's first bytes say it is.
        found: String,
    },
    /// The file is there, but the loader it names is not.
    LoaderMissing {
        /// The loader.
        loader: String,
    },
    /// The first line of a script names an interpreter that is not there.
    InterpreterMissing {
        /// The interpreter as written, escapes visible.
        interpreter: String,
        /// The line ends with a carriage return.
        carriage_return: bool,
    },
    /// A script whose first line names no interpreter.
    NoInterpreter,
    /// The machine refused: too many processes, no memory.
    Machine,
}

impl ExecFailure {
    pub(super) fn of(program: &Path, error: &io::Error) -> Self {
        let trouble = match error.raw_os_error() {
            Some(libc::EACCES | libc::EPERM) => ExecTrouble::NotExecutable {
                mode: mode_of(program),
            },
            Some(libc::ENOEXEC) => match Header::read(program) {
                Header::Script(line) => script_trouble(&line),
                header => ExecTrouble::WrongFormat {
                    found: header.to_string(),
                },
            },
            Some(libc::ENOENT | libc::ELIBBAD) => match Header::read(program) {
                Header::Script(line) => script_trouble(&line),
                Header::Elf { loader, .. } => ExecTrouble::LoaderMissing {
                    loader: loader
                        .map_or_else(|| "unknown".to_owned(), |path| path.display().to_string()),
                },
                _ => ExecTrouble::Machine,
            },
            _ => ExecTrouble::Machine,
        };
        ExecFailure {
            trouble,
            error: error.to_string(),
        }
    }

    /// What the kernel refuses unless somebody has registered an emulator for
    /// it, which is not what a plugin is meant to run on.
    pub(super) fn foreseen(program: &Path) -> Option<Self> {
        let header = Header::read(program);
        let runs = match &header {
            Header::Elf { machine, .. } => OWN_MACHINE.is_none_or(|own| own == *machine),
            Header::Script(_) | Header::Unreadable => true,
            Header::MachO | Header::Portable | Header::Other | Header::Empty => false,
        };
        (!runs).then(|| ExecFailure {
            trouble: ExecTrouble::WrongFormat {
                found: header.to_string(),
            },
            error: io::Error::from_raw_os_error(libc::ENOEXEC).to_string(),
        })
    }

    pub(super) fn machine(error: &io::Error) -> Self {
        ExecFailure {
            trouble: ExecTrouble::Machine,
            error: error.to_string(),
        }
    }
}

impl fmt::Display for ExecFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.trouble {
            ExecTrouble::NotExecutable { mode } => {
                write!(f, "the file is not executable (mode {mode:04o})")
            }
            ExecTrouble::WrongFormat { found } => write!(
                f,
                "the file does not run on this machine: it is {found}, this is {} {}",
                std::env::consts::OS,
                std::env::consts::ARCH
            ),
            ExecTrouble::LoaderMissing { loader } => {
                write!(f, "the file is there, but its loader {loader} is not")
            }
            ExecTrouble::InterpreterMissing {
                interpreter,
                carriage_return,
            } => {
                write!(f, "the script's interpreter {interpreter} does not exist")?;
                if *carriage_return {
                    f.write_str(" (its first line ends with a carriage return)")?;
                }
                Ok(())
            }
            ExecTrouble::NoInterpreter => {
                f.write_str("the file is no program and its first line names no interpreter")
            }
            ExecTrouble::Machine => write!(f, "the machine refused to start it: {}", self.error),
        }
    }
}

fn mode_of(program: &Path) -> u32 {
    std::fs::metadata(program).map_or(0, |meta| meta.permissions().mode() & 0o7777)
}

fn script_trouble(line: &[u8]) -> ExecTrouble {
    let carriage_return = line.ends_with(b"\r");
    let text = String::from_utf8_lossy(line.strip_prefix(b"#!").unwrap_or(line)).into_owned();
    match text.trim_matches([' ', '\t']).split([' ', '\t']).next() {
        None | Some("" | "\r") => ExecTrouble::NoInterpreter,
        Some(interpreter) => ExecTrouble::InterpreterMissing {
            interpreter: interpreter.escape_default().to_string(),
            carriage_return,
        },
    }
}

/// The ELF machine number of this build, where it is known.
const OWN_MACHINE: Option<u16> = if cfg!(target_arch = "x86_64") {
    Some(0x3e)
} else if cfg!(target_arch = "aarch64") {
    Some(0xb7)
} else {
    None
};

/// What the first bytes of a file say.
enum Header {
    Elf {
        machine: u16,
        loader: Option<PathBuf>,
    },
    MachO,
    Portable,
    Script(Vec<u8>),
    Other,
    Empty,
    /// It cannot be read, which does not keep it from being run.
    Unreadable,
}

impl Header {
    fn read(program: &Path) -> Self {
        let mut bytes = Vec::new();
        // A plugin may have put a pipe in the place of its file, and opening
        // that would wait.
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(program)
            .and_then(|file| Ok((file.metadata()?.is_file(), file)));
        let Ok((true, file)) = file else {
            return Header::Unreadable;
        };
        if file.take(64 << 10).read_to_end(&mut bytes).is_err() {
            return Header::Unreadable;
        }
        match bytes.as_slice() {
            [] => Header::Empty,
            [0x7f, b'E', b'L', b'F', ..] => Header::Elf {
                machine: bytes
                    .get(18..20)
                    .map_or(0, |two| u16::from_le_bytes([two[0], two[1]])),
                loader: elf_loader(&bytes),
            },
            [0xcf | 0xce, 0xfa, 0xed, 0xfe, ..]
            | [0xfe, 0xed, 0xfa, 0xce | 0xcf, ..]
            | [0xca, 0xfe, 0xba, 0xbe, ..] => Header::MachO,
            [b'M', b'Z', ..] => Header::Portable,
            [b'#', b'!', ..] => Header::Script(
                bytes
                    .split(|&byte| byte == b'\n')
                    .next()
                    .unwrap_or_default()
                    .to_vec(),
            ),
            _ => Header::Other,
        }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Header::Elf { machine, .. } => match machine {
                0x03 => f.write_str("an ELF program for x86"),
                0x28 => f.write_str("an ELF program for arm"),
                0x3e => f.write_str("an ELF program for x86_64"),
                0xb7 => f.write_str("an ELF program for aarch64"),
                0xf3 => f.write_str("an ELF program for riscv"),
                other => write!(f, "an ELF program for machine {other:#x}"),
            },
            Header::MachO => f.write_str("a macOS program"),
            Header::Portable => f.write_str("a Windows program"),
            Header::Script(_) => f.write_str("a script"),
            Header::Other => f.write_str("no program"),
            Header::Empty => f.write_str("empty"),
            Header::Unreadable => f.write_str("unreadable"),
        }
    }
}

/// The path in the `PT_INTERP` segment of a 64-bit little-endian file.
fn elf_loader(bytes: &[u8]) -> Option<PathBuf> {
    let number = |at: usize, length: usize| -> Option<u64> {
        let mut wide = [0; 8];
        wide[..length].copy_from_slice(bytes.get(at..at.checked_add(length)?)?);
        Some(u64::from_le_bytes(wide))
    };
    if bytes.get(4..6)? != [2, 1] {
        return None;
    }
    let table = usize::try_from(number(32, 8)?).ok()?;
    let (size, count) = (number(54, 2)?, number(56, 2)?);
    for index in 0..count {
        let at = table.checked_add(usize::try_from(index * size).ok()?)?;
        if number(at, 4)? != 3 {
            continue;
        }
        let start = usize::try_from(number(at.checked_add(8)?, 8)?).ok()?;
        let length = usize::try_from(number(at.checked_add(32)?, 8)?).ok()?;
        let path = bytes.get(start..start.checked_add(length)?)?;
        let path = path.split(|&byte| byte == 0).next()?;
        return Some(PathBuf::from(String::from_utf8_lossy(path).into_owned()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(bytes: &[u8], errno: i32) -> ExecTrouble {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, bytes).unwrap();
        ExecFailure::of(&path, &io::Error::from_raw_os_error(errno)).trouble
    }

    #[test]
    fn each_cause_is_told_from_the_file() {
        assert_eq!(
            failure(b"#!/no/such\r\nx", libc::ENOENT),
            ExecTrouble::InterpreterMissing {
                interpreter: "/no/such\\r".to_owned(),
                carriage_return: true
            }
        );
        assert_eq!(failure(b"#!\nx", libc::ENOEXEC), ExecTrouble::NoInterpreter);
        let mut arm = b"\x7fELF\x02\x01\x01".to_vec();
        arm.resize(64, 0);
        arm[18] = 0xb7;
        assert_eq!(
            failure(&arm, libc::ENOEXEC),
            ExecTrouble::WrongFormat {
                found: "an ELF program for aarch64".to_owned()
            }
        );
        assert!(matches!(
            failure(b"x", libc::EACCES),
            ExecTrouble::NotExecutable { .. }
        ));
    }

    #[test]
    fn the_loader_of_a_real_program_is_found() {
        let own = std::env::current_exe().unwrap();
        let Header::Elf { loader, .. } = Header::read(&own) else {
            panic!("tests run from an ELF file");
        };
        assert!(loader.is_some_and(|path| path.exists()));
    }

    #[test]
    fn a_pipe_in_the_place_of_a_program_holds_nobody_up() {
        let home = tempfile::tempdir().unwrap();
        let pipe = home.path().join("plugin");
        let mode = rustix::fs::Mode::RWXU;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        assert!(ExecFailure::foreseen(&pipe).is_none());
    }

    #[test]
    fn hostile_headers_do_no_harm() {
        for length in 0..120 {
            let mut bytes = b"\x7fELF\x02\x01".to_vec();
            bytes.resize(6 + length, 0xff);
            let _ = elf_loader(&bytes);
        }
    }
}
