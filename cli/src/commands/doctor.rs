//! `doctor`: is everything there that judging needs?

use super::say;
use host::channel::SOCKET_PATH_BYTES;
use host::identity::{Curve, HostIdentity, Kind};
use rustix::process::{PidfdFlags, Resource, getpid, getrlimit, pidfd_open, set_child_subreaper};
use std::fmt::Write;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::{Duration, SystemTime};
use terms::Exit;

/// One look at the machine: what was found, or what is wrong and how to mend
/// it.
type Finding = Result<String, (String, &'static str)>;

/// The longest name a plugin is likely to give a socket.
const SOCKET_NAME: usize = 40;
/// Descriptors that a run with several jobs needs.
const DESCRIPTORS: u64 = 512;
/// A clock before this was never set: 2025-01-01.
const EPOCH: Duration = Duration::from_hours(482_136);

/// A look at one thing.
type Look = fn() -> Finding;

const NEEDED: &[(&str, Look)] = &[
    ("subreaper", subreaper),
    ("/proc", proc),
    ("pidfd", pidfd),
    ("private directory", private_directory),
    ("socket path", socket_path),
    ("TMPDIR", temporary),
    ("loopback", loopback),
    ("descriptors", descriptors),
    ("clock", clock),
    ("P-521", p521),
];

/// Only for those who work on plugins in these languages.
const TOOLS: &[&str] = &["go", "python3", "protoc"];

pub(super) fn run() -> Exit {
    let mut text = String::new();
    let mut missing = false;
    for (name, look) in NEEDED {
        let _ = match look() {
            Ok(found) => writeln!(text, "  ok    {name:<18} {found}"),
            Err((wrong, fix)) => {
                missing = true;
                writeln!(text, "  MISS  {name:<18} {wrong}\n        fix: {fix}")
            }
        };
    }
    for tool in TOOLS {
        let place = std::env::var_os("PATH").and_then(|dirs| {
            std::env::split_paths(&dirs)
                .map(|dir| dir.join(tool))
                .find(|path| path.is_file())
        });
        let place = place.map_or_else(
            || "not on PATH (not needed to judge)".to_owned(),
            |path| path.display().to_string(),
        );
        let _ = writeln!(text, "  info  {tool:<18} {}", report::escape(&place));
    }
    match say(&text) {
        Exit::Conforms if missing => Exit::CouldNotJudge,
        exit => exit,
    }
}

fn wrong<E: std::fmt::Display>(fix: &'static str) -> impl Fn(E) -> (String, &'static str) {
    move |error| (error.to_string(), fix)
}

fn subreaper() -> Finding {
    set_child_subreaper(Some(getpid())).map_err(wrong(
        "a Linux kernel from 3.4 on adopts orphans; allow prctl",
    ))?;
    Ok("orphans of a plugin come back here".to_owned())
}

fn proc() -> Finding {
    let own = std::fs::read("/proc/self/environ")
        .and_then(|_| std::fs::read_dir("/proc/self/fd"))
        .and_then(|_| std::fs::read("/proc/net/unix"));
    own.map_err(wrong("mount procfs at /proc, readable for this user"))?;
    Ok("processes and sockets can be looked at".to_owned())
}

fn pidfd() -> Finding {
    pidfd_open(getpid(), PidfdFlags::empty()).map_err(wrong(
        "a Linux kernel from 5.4 on has pidfds; allow pidfd_open",
    ))?;
    Ok("the end of a process can be awaited".to_owned())
}

fn private_directory() -> Finding {
    let dir = host::private_dir::PrivateDir::new()
        .map_err(wrong("make /tmp writable for this user (mode 1777)"))?;
    Ok(dir.path().display().to_string())
}

fn socket_path() -> Finding {
    let fix = "mount a file system at /tmp that holds unix sockets";
    let dir = host::private_dir::PrivateDir::new().map_err(wrong(fix))?;
    let path = dir.path().join("x".repeat(SOCKET_NAME));
    let length = path.as_os_str().len();
    UnixListener::bind(&path).map_err(wrong(fix))?;
    Ok(format!(
        "{length} of {SOCKET_PATH_BYTES} bytes with a long name"
    ))
}

fn temporary() -> Finding {
    let fix = "point TMPDIR at a writable directory, or unset it";
    let file = tempfile::tempfile().map_err(wrong(fix));
    file.map(|_| report::escape(&std::env::temp_dir().to_string_lossy()))
}

fn loopback() -> Finding {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(wrong("bring up the interface lo"))?;
    let address = listener
        .local_addr()
        .map_err(wrong("bring up the interface lo"))?;
    Ok(format!("{address} was free"))
}

fn descriptors() -> Finding {
    let limit = getrlimit(Resource::Nofile);
    match limit.current {
        Some(most) if most < DESCRIPTORS => Err((
            format!("at most {most} open files"),
            "ulimit -n 1024, or fewer jobs (-j 1)",
        )),
        Some(most) => Ok(format!("at most {most} open files")),
        None => Ok("no limit on open files".to_owned()),
    }
}

fn clock() -> Finding {
    let fix = "set the clock: certificates are judged by it";
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(now) if now > EPOCH => {
            Ok(humantime::format_rfc3339_seconds(SystemTime::now()).to_string())
        }
        _ => Err(("before 2025".to_owned(), fix)),
    }
}

fn p521() -> Finding {
    HostIdentity::issue(Curve::P521, Kind::default()).map_err(wrong(
        "a build whose crypto provider has P-521, go-plugin's curve",
    ))?;
    Ok("host certificates like go-plugin's can be made".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_test_machine_has_is_found() {
        assert!(proc().is_ok());
        assert!(p521().is_ok());
        assert!(clock().is_ok());
    }
}
