//! The processes of one launch and what they hold, read from `/proc`.
//!
//! A process belongs to a launch if it bears the launch's mark, a resource
//! limit that nothing ordinary looks at and that every descendant inherits
//! whatever it does to its environment, session or parent; or if its
//! environment carries the launch's `TMPDIR`, which is unique.

use crate::process::{ChildrenStay, children_stay, has_ended, is_started_here};
use procfs::FromRead;
use procfs::process::LimitValue;
use procfs::process::{FDTarget, Process, Stat};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, waitpid,
};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::hash::{Hash, Hasher};
use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Marks are at least so large: a real-time budget of years, in microseconds,
/// which no scheduler ever meets.
const MARKED: u64 = 1 << 61;

/// Escaped processes that are told of.
const MOST_ESCAPED: usize = 64;

/// Looks at orphans that end while they are looked at.
const LOOKS: usize = 16;

/// The mark of the launch whose `TMPDIR` is `temp`.
pub(crate) fn mark(temp: &Path) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    temp.hash(&mut hasher);
    MARKED | (hasher.finish() >> 4)
}

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
}

/// Every live process of the launch whose `TMPDIR` is `temp`, sorted by pid.
/// Zombies count as dead.
pub fn members(temp: &Path) -> Vec<Member> {
    let mut found: Vec<Member> = descendants()
        .into_iter()
        .filter(|process| belongs(process, temp) == Some(true))
        .filter_map(|process| member(&process))
        .collect();
    found.sort_by_key(|member| member.pid);
    found
}

/// Every process below this one; an orphan comes back to it. One look at the
/// parents spares the marks and environments of the whole machine.
fn descendants() -> Vec<Process> {
    let mut others: BTreeMap<i32, i32> = all_stats().map(|stat| (stat.pid, stat.ppid)).collect();
    let mut inside = vec![own_pid()];
    // A parent that is not there has ended since: its child is on its way here.
    inside.extend(
        others
            .iter()
            .filter(|(_, parent)| **parent != 0 && !others.contains_key(parent))
            .map(|(pid, _)| *pid),
    );
    let mut found = Vec::new();
    while let Some(parent) = inside.pop() {
        let children: Vec<i32> = others
            .iter()
            .filter(|(pid, above)| **above == parent || **pid == parent)
            .map(|(pid, _)| *pid)
            .collect();
        for child in children {
            others.remove(&child);
            if child != parent {
                inside.push(child);
            }
            found.extend(Process::new(child));
        }
    }
    found
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// What the kernel tells of each process of the machine. One file is read of
/// each: this is the dear part of every look around.
fn all_stats() -> impl Iterator<Item = Stat> {
    let numbers = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    numbers.filter_map(|entry| stat_of(entry.file_name().to_str()?.parse().ok()?))
}

fn stat_of(pid: i32) -> Option<Stat> {
    let mut file = std::fs::File::open(format!("/proc/{pid}/stat")).ok()?;
    // Longer than fifty numbers and a name of 64 bytes; one call reads it.
    let mut bytes = [0; 2048];
    let length = file.read(&mut bytes).ok()?;
    Stat::from_read(&bytes[..length]).ok()
}

/// Whether a process belongs to the launch; none where it does not show.
fn belongs(process: &Process, temp: &Path) -> Option<bool> {
    let budget = process.limits().ok()?.max_realtime_timeout.hard_limit;
    if matches!(budget, LimitValue::Value(value) if value == mark(temp)) {
        return Some(true);
    }
    // A process that hides its environment and bears no mark is not ours.
    Some(directory_of(process).is_some_and(|directory| directory == temp))
}

/// Whether a live process is surely none of the launch.
pub(crate) fn is_stranger(pid: i32, temp: &Path) -> bool {
    Process::new(pid).is_ok_and(|process| {
        process.stat().is_ok_and(|stat| is_live(stat.state))
            && belongs(&process, temp) == Some(false)
    })
}

/// The short name of a process, for a report.
pub(crate) fn name(pid: i32) -> String {
    Process::new(pid)
        .and_then(|process| process.stat())
        .map_or_else(|_| "a process".to_owned(), |stat| stat.comm)
}

fn is_live(state: char) -> bool {
    !matches!(state, 'Z' | 'X' | 'x')
}

fn member(process: &Process) -> Option<Member> {
    let stat = process.stat().ok()?;
    if !is_live(stat.state) {
        return None;
    }
    let command = process.cmdline().unwrap_or_default().join(" ");
    Some(Member {
        pid: stat.pid,
        parent: stat.ppid,
        group: stat.pgrp,
        name: stat.comm,
        command: command.chars().take(120).collect(),
        variables: process
            .environ()
            .unwrap_or_default()
            .keys()
            .map(|key| key.to_string_lossy().into_owned())
            .collect(),
    })
}

/// The listening sockets each of these processes holds.
pub fn listeners(pids: impl IntoIterator<Item = i32>) -> BTreeMap<i32, Vec<Listener>> {
    let held: Vec<(i32, BTreeSet<u64>)> = pids
        .into_iter()
        .map(|pid| (pid, socket_inodes(pid)))
        .collect();
    let mut table = Sockets::default();
    table.read_unix();
    // The tables of TCP are long to read and mostly not needed.
    if !held.iter().all(|(_, inodes)| table.knows_all(inodes)) {
        table.read_tcp();
    }
    held.into_iter()
        .map(|(pid, inodes)| {
            let mut held: Vec<Listener> = inodes
                .iter()
                .filter_map(|inode| table.listening.get(inode).cloned())
                .collect();
            held.sort();
            held.dedup();
            (pid, held)
        })
        .collect()
}

/// Whether someone listens at this address who is none of these processes.
/// None where their descriptors, or the machine's sockets, do not show.
pub fn is_held_by_others(address: &str, members: &[Member]) -> Option<bool> {
    let mut table = Sockets::default();
    table.read_unix();
    table.read_tcp();
    let there: BTreeSet<u64> = table
        .listening
        .iter()
        .filter(|(_, listener)| listener.is_at(address))
        .map(|(inode, _)| *inode)
        .collect();
    if there.is_empty() || members.is_empty() {
        return None;
    }
    for member in members {
        // A process may hide its descriptors; then nothing is known.
        Process::new(member.pid)
            .and_then(|process| process.fd())
            .ok()?;
        if !socket_inodes(member.pid).is_disjoint(&there) {
            return Some(false);
        }
    }
    Some(true)
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

/// The machine's sockets, by inode.
#[derive(Default)]
struct Sockets {
    unix: BTreeSet<u64>,
    listening: BTreeMap<u64, Listener>,
}

impl Sockets {
    fn read_unix(&mut self) {
        for entry in procfs::net::unix().unwrap_or_default() {
            self.unix.insert(entry.inode);
            // A listening stream socket is named and connected to nothing.
            if let Some(path) = entry.path
                && entry.socket_type == 1
                && entry.state == procfs::net::UnixState::UNCONNECTED
            {
                self.listening.insert(entry.inode, Listener::Unix(path));
            }
        }
    }

    fn read_tcp(&mut self) {
        let tcp = procfs::net::tcp().unwrap_or_default();
        let tcp6 = procfs::net::tcp6().unwrap_or_default();
        for entry in tcp.into_iter().chain(tcp6) {
            if entry.state == procfs::net::TcpState::Listen {
                let address = entry.local_address;
                let listener = Listener::Tcp(address.ip(), address.port());
                self.listening.insert(entry.inode, listener);
            }
        }
    }

    /// Whether all of these are sockets of this machine's unix domain.
    fn knows_all(&self, inodes: &BTreeSet<u64>) -> bool {
        inodes.is_subset(&self.unix)
    }
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
    let status = process.status().ok()?;
    Some(Usage {
        descriptors: process.fd_count().ok()?,
        threads: status.threads,
        resident_kib: status.vmrss.unwrap_or(0),
    })
}

/// What one thread has had of the processor.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ThreadTime {
    /// Time it ran.
    pub ran: Duration,
    /// Time it could have run and had to wait for a processor.
    pub waited: Duration,
}

/// The times of each live thread of a process, by thread id; empty where the
/// process is gone or the kernel does not tell.
pub fn thread_times(pid: i32) -> BTreeMap<i32, ThreadTime> {
    let threads = Process::new(pid).and_then(|process| process.tasks());
    let Ok(threads) = threads else {
        return BTreeMap::new();
    };
    threads
        .flatten()
        .filter_map(|thread| {
            let times = thread.schedstat().ok()?;
            let time = ThreadTime {
                ran: Duration::from_nanos(times.sum_exec_runtime),
                waited: Duration::from_nanos(times.run_delay),
            };
            Some((thread.tid, time))
        })
        .collect()
}

/// Orphans that had taken off every sign of their launch. All launches of a
/// run are of one plugin, so each may be told of them.
static ESCAPED: Mutex<Vec<Member>> = Mutex::new(Vec::new());

/// Kills the orphans that bear no launch's mark and no directory below the one
/// that `temp` is in, and remembers them. A child of this process that is none
/// of a plugin's is in its own process group still.
fn kill_escaped(temp: &Path) {
    let root = temp.ancestors().nth(2).unwrap_or(temp);
    let stay = children_stay();
    let group = rustix::process::getpgrp().as_raw_nonzero().get();
    for pid in living_orphans(&stay) {
        let Ok(process) = Process::new(pid.as_raw_nonzero().get()) else {
            continue;
        };
        if bears_mark(&process) || directory_of(&process).is_some_and(|at| at.starts_with(root)) {
            continue;
        }
        if let Some(member) = member(&process).filter(|member| member.group != group) {
            // A child keeps its number until it is reaped, and nobody else
            // reaps it.
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            let mut escaped = ESCAPED.lock().unwrap_or_else(PoisonError::into_inner);
            if escaped.len() < MOST_ESCAPED {
                escaped.push(member);
            }
        }
    }
}

fn escaped() -> Vec<Member> {
    let escaped = ESCAPED.lock();
    escaped.unwrap_or_else(PoisonError::into_inner).clone()
}

/// Whether the process bears the mark of some launch, or hides whether.
fn bears_mark(process: &Process) -> bool {
    let budget = process.limits().map(|limits| limits.max_realtime_timeout);
    match budget.map(|budget| budget.hard_limit) {
        Ok(LimitValue::Value(value)) => value >= MARKED,
        Ok(LimitValue::Unlimited) => false,
        Err(_) => true,
    }
}

fn directory_of(process: &Process) -> Option<PathBuf> {
    let mut environ = process.environ().ok()?;
    environ.remove(OsStr::new("TMPDIR")).map(PathBuf::from)
}

/// Kills every member of a launch and waits until none is left, at most
/// `limit`; returns those that were found alive, and those of any launch that
/// had taken off its mark. `ended` tells that the started
/// process has ended, so that only orphans can be left of the launch.
pub(crate) async fn kill_members(temp: &Path, ended: bool, limit: Duration) -> Vec<Member> {
    if ended && living_orphans(&children_stay()).is_empty() {
        return escaped();
    }
    let mut first = members(temp);
    let deadline = tokio::time::Instant::now() + limit;
    let mut left = first.clone();
    while !left.is_empty() && tokio::time::Instant::now() < deadline {
        kill(&left, |process| belongs(process, temp) == Some(true));
        living_orphans(&children_stay());
        tokio::time::sleep(Duration::from_millis(2)).await;
        left = members(temp);
    }
    kill_escaped(temp);
    living_orphans(&children_stay());
    first.extend(escaped());
    first
}

/// The same without a runtime, for a launch that is dropped in the middle.
pub(crate) fn kill_members_now(temp: &Path, ended: bool, limit: Duration) {
    if ended && living_orphans(&children_stay()).is_empty() {
        return;
    }
    let deadline = Instant::now() + limit;
    let mut left = members(temp);
    while !left.is_empty() && Instant::now() < deadline {
        kill(&left, |process| belongs(process, temp) == Some(true));
        std::thread::sleep(Duration::from_millis(2));
        left = members(temp);
    }
    living_orphans(&children_stay());
}

/// Kills whatever any launch below `root` left alive, and every descendant that
/// came back to this process without having been started by it. For the end of
/// a process whose threads may still be launching.
pub(crate) fn kill_below(root: &Path, limit: Duration) {
    let below = |process: &Process| directory_of(process).is_some_and(|at| at.starts_with(root));
    let deadline = Instant::now() + limit;
    loop {
        let left: Vec<Member> = procfs::process::all_processes()
            .into_iter()
            .flatten()
            .flatten()
            .filter(below)
            .filter_map(|process| member(&process))
            .collect();
        let stay = children_stay();
        let orphans = living_orphans(&stay);
        if (left.is_empty() && orphans.is_empty()) || Instant::now() >= deadline {
            break;
        }
        kill(&left, below);
        for pid in orphans {
            // A child keeps its number until it is reaped, and nobody else
            // reaps it.
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
        drop(stay);
        std::thread::sleep(Duration::from_millis(2));
    }
    living_orphans(&children_stay());
}

fn kill(members: &[Member], belongs: impl Fn(&Process) -> bool) {
    for member in members {
        let Some(pid) = Pid::from_raw(member.pid) else {
            continue;
        };
        // The number may have gone to somebody else since it was read; the
        // descriptor names one process, which is looked at once more.
        let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) else {
            continue;
        };
        if Process::new(member.pid).is_ok_and(|same| belongs(&same)) {
            let _ = pidfd_send_signal(&process, Signal::KILL);
        }
    }
}

/// Children of this process that it did not start and that live: a process
/// whose parent has ended comes back here. The dead ones are reaped, each by its
/// pid, so that no exit status of a started one is stolen.
fn living_orphans(_stay: &ChildrenStay) -> Vec<Pid> {
    let mut orphans = Vec::new();
    // What one that has just ended left behind may have come after the look, so
    // the last look must find the same. Ever new ones count as living.
    for _ in 0..LOOKS {
        orphans = children()
            .into_iter()
            .filter(|&pid| !is_started_here(pid))
            .filter_map(Pid::from_raw)
            .collect();
        let living = |pid: Pid| {
            let lives = matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None));
            if !lives {
                has_ended(pid.as_raw_nonzero().get());
            }
            lives
        };
        if orphans.iter().all(|&pid| living(pid)) {
            break;
        }
    }
    orphans
}

/// Children of this process's first thread, which is the one that orphans come
/// back to. The kernel's list is whole as long as none of them is reaped; where
/// it keeps none, all children of this process.
fn children() -> Vec<i32> {
    let own = own_pid();
    match std::fs::read_to_string(format!("/proc/{own}/task/{own}/children")) {
        Ok(list) => list
            .split_ascii_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .collect(),
        Err(_) => all_stats()
            .filter(|stat| stat.ppid == own)
            .map(|stat| stat.pid)
            .collect(),
    }
}
