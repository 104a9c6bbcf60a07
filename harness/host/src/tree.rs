//! The processes of one launch and what they hold, read from `/proc`.
//!
//! A process belongs to a launch if its environment carries the launch's
//! `TMPDIR`: that value is unique and needs no variable made for tests.

use procfs::process::{FDTarget, Process};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One process of a launch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its pid.
    pub pid: i32,
    /// Its parent's pid.
    pub parent: i32,
    /// Its process group.
    pub group: i32,
    /// Its short name.
    pub name: String,
    /// Its arguments joined by blanks, cut.
    pub command: String,
    /// Names of the variables in its environment.
    pub variables: BTreeSet<String>,
}

/// A socket that accepts connections.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listener {
    /// A unix socket; an abstract one starts with `@`.
    Unix(PathBuf),
    /// A TCP socket.
    Tcp(IpAddr, u16),
}

impl Listener {
    /// Whether this is the socket at an address of the handshake line or the
    /// broker, in whatever spelling.
    pub fn is_at(&self, address: &str) -> bool {
        match self {
            Listener::Unix(path) => {
                let announced = Path::new(address);
                path == announced
                    || path
                        .canonicalize()
                        .is_ok_and(|path| announced.canonicalize().is_ok_and(|other| path == other))
            }
            // A listener on all interfaces answers at each of them.
            Listener::Tcp(_, port) => address
                .rsplit_once(':')
                .is_some_and(|(_, other)| other.parse() == Ok(*port)),
        }
    }
}

impl std::fmt::Display for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Listener::Unix(path) => write!(f, "unix socket {}", path.display()),
            Listener::Tcp(ip, port) => write!(f, "TCP {}", std::net::SocketAddr::new(*ip, *port)),
        }
    }
}

/// What one process uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Open descriptors.
    pub descriptors: usize,
    /// Threads.
    pub threads: u64,
    /// Resident memory in KiB.
    pub resident_kib: u64,
    /// CPU time spent in user and system mode.
    pub cpu: Duration,
}

/// Every live process whose `TMPDIR` is `temp`, sorted by pid. Zombies count
/// as dead.
pub fn members(temp: &Path) -> Vec<Member> {
    let Ok(all) = procfs::process::all_processes() else {
        return Vec::new();
    };
    let mut found: Vec<Member> = all
        .flatten()
        .filter_map(|process| member(&process, temp))
        .collect();
    found.sort_by_key(|member| member.pid);
    found
}

fn member(process: &Process, temp: &Path) -> Option<Member> {
    let environ = process.environ().ok()?;
    let marker = environ.get(std::ffi::OsStr::new("TMPDIR"))?;
    if Path::new(marker) != temp {
        return None;
    }
    described(process, &environ)
}

/// Every live process below this one, whatever its environment holds; one
/// whose parent has ended is below nobody.
pub fn descendants(pid: i32) -> Vec<Member> {
    let Ok(all) = procfs::process::all_processes() else {
        return Vec::new();
    };
    let all: Vec<(i32, i32, Process)> = all
        .flatten()
        .filter_map(|process| {
            let stat = process.stat().ok()?;
            Some((stat.pid, stat.ppid, process))
        })
        .collect();
    let mut inside = BTreeSet::from([pid]);
    loop {
        let before = inside.len();
        for (child, parent, _) in &all {
            if inside.contains(parent) {
                inside.insert(*child);
            }
        }
        if inside.len() == before {
            break;
        }
    }
    all.iter()
        .filter(|(child, ..)| *child != pid && inside.contains(child))
        .filter_map(|(_, _, process)| described(process, &process.environ().unwrap_or_default()))
        .collect()
}

fn described(process: &Process, environ: &HashMap<OsString, OsString>) -> Option<Member> {
    let stat = process.stat().ok()?;
    if matches!(stat.state, 'Z' | 'X' | 'x') {
        return None;
    }
    let command = process.cmdline().unwrap_or_default().join(" ");
    Some(Member {
        pid: stat.pid,
        parent: stat.ppid,
        group: stat.pgrp,
        name: stat.comm,
        command: command.chars().take(120).collect(),
        variables: environ
            .keys()
            .map(|key| key.to_string_lossy().into_owned())
            .collect(),
    })
}

/// The members of a launch that have this pid among their ancestors, or are
/// it.
pub fn below(members: &[Member], pid: i32) -> Vec<Member> {
    let mut inside = BTreeSet::from([pid]);
    // Parents have not always lower pids than children: repeat until stable.
    loop {
        let before = inside.len();
        for member in members {
            if inside.contains(&member.parent) {
                inside.insert(member.pid);
            }
        }
        if inside.len() == before {
            break;
        }
    }
    members
        .iter()
        .filter(|member| inside.contains(&member.pid))
        .cloned()
        .collect()
}

/// The listening sockets each of these processes holds.
pub fn listeners(pids: impl IntoIterator<Item = i32>) -> BTreeMap<i32, Vec<Listener>> {
    let table = listening_inodes();
    pids.into_iter()
        .map(|pid| {
            let mut held: Vec<Listener> = socket_inodes(pid)
                .iter()
                .filter_map(|inode| table.get(inode).cloned())
                .collect();
            held.sort();
            held.dedup();
            (pid, held)
        })
        .collect()
}

fn socket_inodes(pid: i32) -> BTreeSet<u64> {
    let descriptors = Process::new(pid).and_then(|process| process.fd());
    let Ok(descriptors) = descriptors else {
        return BTreeSet::new();
    };
    descriptors
        .flatten()
        .filter_map(|descriptor| match descriptor.target {
            FDTarget::Socket(inode) => Some(inode),
            _ => None,
        })
        .collect()
}

fn listening_inodes() -> BTreeMap<u64, Listener> {
    let mut table = BTreeMap::new();
    // A listening stream socket is named and connected to nothing.
    for entry in procfs::net::unix().unwrap_or_default() {
        if let Some(path) = entry.path
            && entry.socket_type == 1
            && entry.state == procfs::net::UnixState::UNCONNECTED
        {
            table.insert(entry.inode, Listener::Unix(path));
        }
    }
    let tcp = procfs::net::tcp().unwrap_or_default();
    let tcp6 = procfs::net::tcp6().unwrap_or_default();
    for entry in tcp.into_iter().chain(tcp6) {
        if entry.state == procfs::net::TcpState::Listen {
            let address = entry.local_address;
            table.insert(entry.inode, Listener::Tcp(address.ip(), address.port()));
        }
    }
    table
}

/// The member that holds the socket at this address.
pub fn holder(members: &[Member], address: &str) -> Option<i32> {
    listeners(members.iter().map(|member| member.pid))
        .into_iter()
        .find(|(_, held)| held.iter().any(|listener| listener.is_at(address)))
        .map(|(pid, _)| pid)
}

/// What a process uses, if it is alive.
pub fn usage(pid: i32) -> Option<Usage> {
    let process = Process::new(pid).ok()?;
    let stat = process.stat().ok()?;
    let status = process.status().ok()?;
    let ticks = procfs::ticks_per_second().max(1);
    Some(Usage {
        descriptors: process.fd_count().ok()?,
        threads: status.threads,
        resident_kib: status.vmrss.unwrap_or(0),
        cpu: Duration::from_millis((stat.utime + stat.stime) * 1000 / ticks),
    })
}

/// Kills every member of a launch and waits until none is left, at most
/// `limit`; returns those that were found alive.
pub(crate) async fn kill_members(temp: &Path, limit: Duration) -> Vec<Member> {
    let first = members(temp);
    let deadline = tokio::time::Instant::now() + limit;
    let mut left = first.clone();
    while !left.is_empty() {
        for member in &left {
            if let Some(pid) = Pid::from_raw(member.pid) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        reap_adopted();
        if tokio::time::Instant::now() >= deadline {
            break;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
        left = members(temp);
    }
    if !first.is_empty() {
        reap_adopted();
    }
    first
}

/// Reaps dead children that were adopted rather than started here, each by
/// its pid, so that no exit status of a started one is stolen.
pub(crate) fn reap_adopted() {
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let Ok(all) = procfs::process::all_processes() else {
        return;
    };
    for process in all.flatten() {
        let Ok(stat) = process.stat() else { continue };
        if stat.ppid == own
            && stat.state == 'Z'
            && !crate::process::is_started_here(stat.pid)
            && let Some(pid) = Pid::from_raw(stat.pid)
        {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}
