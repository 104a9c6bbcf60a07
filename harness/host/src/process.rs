//! One started process: spawn, exit, signals.

use crate::launch::Stdin;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, WaitId, WaitIdOptions, WaitOptions, kill_process,
    kill_process_group, pidfd_open, waitid, waitpid,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};
use tokio::io::unix::AsyncFd;

mod birth;
mod exec;

use birth::{Image, NotBorn};
pub use exec::{ExecFailure, ExecTrouble};

/// Descriptors a plugin may hold unless a launch says otherwise.
const OPEN_FILES: u64 = 256;

/// How long a process that is dropped may take to die.
const LAST_WAIT: Duration = Duration::from_secs(2);

/// What to start and how; everything is decided by the caller.
pub(crate) struct Spawn<'a> {
    pub(crate) program: &'a Path,
    pub(crate) args: &'a [OsString],
    pub(crate) env: &'a BTreeMap<String, String>,
    pub(crate) working_dir: &'a Path,
    pub(crate) umask: u32,
    pub(crate) stdin: Stdin,
    pub(crate) open_files: Option<u64>,
    /// The largest file and the most private memory, in bytes.
    pub(crate) file_bytes: u64,
    pub(crate) data_bytes: u64,
    pub(crate) through_shell: bool,
    /// The launch's mark, which every descendant inherits.
    pub(crate) mark: u64,
}

/// A started process that has not been reaped before its end was seen.
#[derive(Debug)]
pub struct Process {
    hold: Hold,
    pid: Pid,
    exit: Option<Exit>,
    started: Instant,
    _stdin: Option<OwnedFd>,
}

/// What ties a process to the harness.
#[derive(Debug)]
enum Hold {
    /// It was started here.
    Child { pidfd: AsyncFd<OwnedFd> },
    /// Somebody else started it: it is looked at, and never signalled.
    Watched,
    /// The same, and its pid names nobody here.
    Unseen,
}

/// How a process ended, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit {
    /// Its exit code, unless a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Time since the start of the process at which the end was seen.
    pub after: Duration,
}

impl Exit {
    /// Whether it ended by itself with code 0.
    pub fn is_clean(&self) -> bool {
        self.code == Some(0)
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.signal) {
            (Some(code), _) => write!(f, "exit code {code}"),
            (None, Some(signal)) => write!(f, "killed by {}", signal_name(signal)),
            (None, None) => f.write_str("ended"),
        }
    }
}

/// The name of a signal, `SIGKILL` of 9.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        31 => "SIGSYS",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

/// Ends that are remembered.
const MOST_ENDED: usize = 4096;

/// Processes of plugins that have been reaped, the last ones.
static ENDED: Mutex<VecDeque<i32>> = Mutex::new(VecDeque::new());

/// Remembers that a process of a plugin, started here or adopted, is reaped.
pub(crate) fn has_ended(pid: i32) {
    let mut ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner);
    if ended.len() == MOST_ENDED {
        ended.pop_front();
    }
    ended.push_back(pid);
}

/// Whether this was a process of a plugin until it was reaped.
pub(crate) fn was_plugin(pid: i32) -> bool {
    let ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner);
    ended.contains(&pid)
}

static OWN: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Read while a child exists that is not in `OWN` yet, also one whose file does
/// not start, which the spawning thread waits for; and while one is reaped.
static CHANGING: RwLock<()> = RwLock::new(());

/// Keeps every child in `OWN` or adopted, and unreaped, for as long as it is
/// held.
pub(crate) type ChildrenStay = RwLockWriteGuard<'static, ()>;

/// Waits until no child is being started or reaped.
pub(crate) fn children_stay() -> ChildrenStay {
    CHANGING.write().unwrap_or_else(PoisonError::into_inner)
}

fn a_child_changes() -> RwLockReadGuard<'static, ()> {
    CHANGING.read().unwrap_or_else(PoisonError::into_inner)
}

fn own() -> std::sync::MutexGuard<'static, BTreeSet<i32>> {
    OWN.lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Whether a child of this process was started by it, not adopted.
pub(crate) fn is_started_here(pid: i32) -> bool {
    own().contains(&pid)
}

/// Asks every process started here to end, group by group, as the last act of
/// a run that is cut short.
pub fn terminate_all() {
    signal_all(Signal::TERM);
}

/// Kills every process started here, group by group.
pub fn kill_all() {
    signal_all(Signal::KILL);
}

fn signal_all(signal: Signal) {
    // A number in the set is unreaped, so it names the group it was given to.
    for pid in own().iter().filter_map(|&raw| Pid::from_raw(raw)) {
        let _ = kill_process_group(pid, signal);
    }
}

/// Whether every process started here has ended, reaped or not.
pub fn all_ended() -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    own()
        .iter()
        .filter_map(|&raw| Pid::from_raw(raw))
        .all(|pid| !matches!(waitid(WaitId::Pid(pid), options), Ok(None)))
}

/// The pipes of a fresh process.
pub(crate) struct Pipes {
    pub(crate) stdout: OwnedFd,
    pub(crate) stderr: OwnedFd,
}

impl Process {
    /// Starts the process at level L0: own group, death signal, private
    /// umask, bounded descriptors, nothing inherited.
    ///
    /// The death signal follows the calling thread, which must outlive the
    /// process.
    pub(crate) fn spawn(spawn: &Spawn<'_>) -> Result<(Self, Pipes), ExecFailure> {
        adopt_orphans();
        let executable = rustix::fs::access(spawn.program, rustix::fs::Access::EXEC_OK).is_ok();
        if let Some(failure) = ExecFailure::foreseen(spawn.program).filter(|_| executable) {
            return Err(failure);
        }
        let parent = rustix::process::getpid();
        let before_exec = || before_exec(spawn, parent);
        let started = Instant::now();
        let child = Started::spawn(spawn, &before_exec).map_err(|error| match error {
            NotBorn::Machine(error) => ExecFailure::machine(&error),
            NotBorn::Program(error) => ExecFailure::of(spawn.program, &error),
        })?;
        let pid = child.pid;
        let pidfd = pidfd_open(pid, PidfdFlags::empty())
            .map_err(io::Error::from)
            .and_then(watch);
        match pidfd {
            Ok(pidfd) => Ok((
                Process {
                    hold: Hold::Child { pidfd },
                    pid,
                    exit: None,
                    started,
                    _stdin: child.stdin,
                },
                child.pipes,
            )),
            Err(error) => {
                let _reaping = a_child_changes();
                let _ = kill_process(pid, Signal::KILL);
                let _ = waitpid(Some(pid), WaitOptions::empty());
                own().remove(&pid.as_raw_nonzero().get());
                Err(ExecFailure::machine(&error))
            }
        }
    }

    /// A process that somebody else has started. A pid of another namespace
    /// names nobody here, so one that is not there is not taken for an end.
    pub(crate) fn running(pid: Pid) -> Self {
        Process {
            hold: if is_there(pid) {
                Hold::Watched
            } else {
                Hold::Unseen
            },
            pid,
            exit: None,
            started: Instant::now(),
            _stdin: None,
        }
    }

    /// The pid of the started process.
    pub fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// How it ended, if it has. The process stays a zombie until
    /// [`Process::reap`], so that its pid and group cannot name another.
    pub fn exited(&mut self) -> Option<Exit> {
        if self.exit.is_some() {
            return self.exit;
        }
        let (code, signal) = match &self.hold {
            Hold::Child { pidfd } => {
                let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
                let status = waitid(WaitId::PidFd(pidfd.get_ref().as_fd()), options);
                let status = status.ok().flatten()?;
                (status.exit_status(), status.terminating_signal())
            }
            Hold::Watched if !is_there(self.pid) => (None, None),
            Hold::Watched | Hold::Unseen => return None,
        };
        let after = self.started.elapsed();
        self.exit = Some(Exit {
            code,
            signal,
            after,
        });
        self.exit
    }

    /// Waits for the end, at most `limit`.
    pub async fn exited_within(&mut self, limit: Duration) -> Option<Exit> {
        if let Some(exit) = self.exited() {
            return Some(exit);
        }
        match &self.hold {
            // A pidfd turns readable when its process ends and stays so.
            Hold::Child { pidfd } => {
                let _ = tokio::time::timeout(limit, pidfd.readable()).await;
            }
            Hold::Watched | Hold::Unseen => tokio::time::sleep(limit).await,
        }
        self.exited()
    }

    /// The same without a runtime.
    pub(crate) fn exited_within_blocking(&mut self, limit: Duration) -> Option<Exit> {
        if let Hold::Child { pidfd } = &self.hold
            && self.exit.is_none()
        {
            wait_for_end(pidfd.get_ref(), limit);
        }
        self.exited()
    }

    /// Waits for the end as [`Process::exited_within`] does, and as long again
    /// as the process stood ready meanwhile and no processor was free, at most
    /// three times `limit`: a busy machine is not the plugin's fault.
    pub async fn exited_in_own_time(&mut self, limit: Duration) -> Option<Exit> {
        let (asked, before) = (Instant::now(), self.queued());
        loop {
            let queued = self.queued().saturating_sub(before).min(3 * limit);
            let left = (limit + queued).saturating_sub(asked.elapsed());
            let exit = self.exited_within(left).await;
            if exit.is_some() || left.is_zero() {
                return exit;
            }
        }
    }

    /// How long its threads together have stood ready and no processor was free;
    /// an ended one no longer counts. Zero where the kernel does not tell.
    pub fn queued(&self) -> Duration {
        crate::tree::thread_times(self.pid())
            .values()
            .map(|time| time.waited)
            .sum()
    }

    /// Sends a signal to the started process alone.
    pub fn signal(&mut self, signal: Signal) {
        if self.exited().is_none() && self.child_is_unreaped() {
            let _ = kill_process(self.pid, signal);
        }
    }

    /// Sends a signal to the whole process group. Safe after the end too: the
    /// unreaped leader keeps the group's number taken.
    pub fn signal_group(&mut self, signal: Signal) {
        if self.child_is_unreaped() {
            let _ = kill_process_group(self.pid, signal);
        }
    }

    fn child_is_unreaped(&self) -> bool {
        matches!(self.hold, Hold::Child { .. }) && own().contains(&self.pid())
    }

    /// Kills what is left of the group and reaps the leader.
    pub(crate) async fn reap(&mut self, limit: Duration) -> Option<Exit> {
        self.signal_group(Signal::KILL);
        let exit = self.exited_within(limit).await;
        if exit.is_some() && self.child_is_unreaped() {
            self.bury();
        }
        exit
    }

    /// Reaps a child that has ended.
    fn bury(&self) {
        let _reaping = a_child_changes();
        has_ended(self.pid());
        let _ = waitpid(Some(self.pid), WaitOptions::NOHANG);
        own().remove(&self.pid());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child_is_unreaped() {
            self.signal_group(Signal::KILL);
            // SIGKILL cannot be refused, but a kernel that waits for a dead
            // file system takes its time.
            if let Hold::Child { pidfd } = &self.hold {
                wait_for_end(pidfd.get_ref(), LAST_WAIT);
            }
            self.bury();
        }
    }
}

/// Whether a process has this pid. One that may not be signalled is there.
fn is_there(pid: Pid) -> bool {
    rustix::process::test_kill_process(pid) != Err(Errno::SRCH)
}

/// Sleeps until the process has ended, at most `limit`.
fn wait_for_end(pidfd: &OwnedFd, limit: Duration) {
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let Ok(left) = Timespec::try_from(left) else {
            return;
        };
        match poll(&mut [PollFd::new(pidfd, PollFlags::IN)], Some(&left)) {
            Err(Errno::INTR) => {}
            _ => return,
        }
    }
}

fn watch(pidfd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` keeps its descriptor open, and the same one, for as
    // long as it lives.
    #[expect(unsafe_code)]
    let watched = unsafe { AsyncFd::register(pidfd) };
    watched.map_err(io::Error::from)
}

/// A child that runs its program, entered in the list of ours.
struct Started {
    pid: Pid,
    pipes: Pipes,
    stdin: Option<OwnedFd>,
}

impl Started {
    fn spawn(spawn: &Spawn<'_>, before_exec: &dyn Fn() -> io::Result<()>) -> Result<Self, NotBorn> {
        let shell = Path::new("/bin/sh");
        let image = if spawn.through_shell {
            // Two commands after one another keep the shell from replacing
            // itself with the plugin.
            let mut args: Vec<OsString> = vec!["-c".into(), "\"$0\" \"$@\"; exit $?".into()];
            args.push(spawn.program.into());
            args.extend_from_slice(spawn.args);
            Image::new(shell, &args, spawn.env, spawn.working_dir)?
        } else {
            Image::new(spawn.program, spawn.args, spawn.env, spawn.working_dir)?
        };
        let (input, stdin) = match spawn.stdin {
            Stdin::Null => {
                let flags = OFlags::RDONLY | OFlags::CLOEXEC;
                let null = rustix::fs::open(c"/dev/null", flags, Mode::empty());
                (null.map_err(io::Error::from)?, None)
            }
            Stdin::OpenPipe => {
                let (read, write) = pipe()?;
                (read, Some(write))
            }
        };
        let (stdout, output) = pipe()?;
        let (stderr, errors) = pipe()?;
        let standard = [&input, &output, &errors];
        // ETXTBSY: another thread started a child while the file was still open
        // for writing; the child's copy of the descriptor is gone within
        // milliseconds.
        let mut tries = 0;
        let pid = loop {
            let starting = a_child_changes();
            let spawned = birth::spawn(&image, standard, before_exec);
            if let Ok(pid) = &spawned {
                own().insert(pid.as_raw_nonzero().get());
            }
            drop(starting);
            match spawned {
                Err(NotBorn::Program(error))
                    if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < 10 =>
                {
                    tries += 1;
                    std::thread::sleep(Duration::from_millis(20));
                }
                other => break other?,
            }
        };
        Ok(Started {
            pid,
            pipes: Pipes { stdout, stderr },
            stdin,
        })
    }
}

fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

fn before_exec(spawn: &Spawn<'_>, parent: Pid) -> io::Result<()> {
    if !spawn.through_shell {
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // The harness may have died between fork and the line above.
        if rustix::process::getppid() != Some(parent) {
            return Err(io::Error::from_raw_os_error(libc::ECANCELED));
        }
    }
    rustix::process::umask(Mode::from_raw_mode(spawn.umask));
    let bound = |resource: Resource, most: u64| {
        // What the user's shell forbids is not ours to allow.
        let hard = rustix::process::getrlimit(resource).maximum;
        let most = hard.map_or(most, |hard| hard.min(most));
        rustix::process::setrlimit(
            resource,
            Rlimit {
                current: Some(most),
                maximum: Some(most),
            },
        )
    };
    bound(Resource::Core, 0)?;
    bound(Resource::Fsize, spawn.file_bytes)?;
    bound(Resource::Data, spawn.data_bytes)?;
    bound(Resource::Nofile, spawn.open_files.unwrap_or(OPEN_FILES))?;
    // Where the kernel keeps no such limit, the environment tells alone.
    let _ = bound(Resource::Rttime, spawn.mark);
    dies_first_of_hunger();
    // SAFETY: a plain system call on descriptor numbers; failure (an old
    // kernel) leaves the close-on-exec that each descriptor was opened with.
    #[expect(unsafe_code)]
    unsafe {
        libc::syscall(
            libc::SYS_close_range,
            3_u32,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        );
    }
    Ok(())
}

/// Where memory runs out, the plugin goes before anything else of the user.
fn dies_first_of_hunger() {
    let file = rustix::fs::open(
        c"/proc/self/oom_score_adj",
        OFlags::WRONLY | OFlags::CLOEXEC,
        Mode::empty(),
    );
    if let Ok(file) = file {
        let _ = rustix::io::write(file, b"1000");
    }
}

/// Makes orphaned descendants come back to this process, once.
fn adopt_orphans() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
    });
}
