//! A child process that is made without a copy of this one.
//!
//! std forks as soon as anything is to be done between fork and exec. That
//! copies the page tables of a harness with dozens of threads and throws the
//! copy away, which costs more than the rest of a launch. Here the child
//! borrows the memory, as with `vfork`, until it has become the plugin; the
//! calling thread sleeps meanwhile.

use rustix::process::{Pid, WaitOptions, waitpid};
use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString, c_char, c_int, c_void};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// Stack of the child until it has become the plugin.
const STACK_BYTES: usize = 256 << 10;
/// Signals of Linux are numbered from 1 to this.
const LAST_SIGNAL: c_int = 64;

/// What the child becomes. All of it is made beforehand.
pub(super) struct Image {
    program: CString,
    args: Vec<CString>,
    env: Vec<CString>,
    working_dir: CString,
}

impl Image {
    /// The program with its name and `args` as arguments.
    pub(super) fn new(
        program: &Path,
        args: &[OsString],
        env: &BTreeMap<String, String>,
        working_dir: &Path,
    ) -> io::Result<Self> {
        let text = |text: &OsStr| CString::new(text.as_bytes()).map_err(io::Error::from);
        let args = args.iter().map(OsString::as_os_str);
        let env = env.iter().map(|(name, value)| format!("{name}={value}"));
        Ok(Image {
            program: text(program.as_os_str())?,
            args: std::iter::once(program.as_os_str())
                .chain(args)
                .map(text)
                .collect::<io::Result<_>>()?,
            env: env
                .map(|pair| text(OsStr::new(&pair)))
                .collect::<io::Result<_>>()?,
            working_dir: text(working_dir.as_os_str())?,
        })
    }
}

/// Why there is no plugin.
pub(super) enum NotBorn {
    /// There was no child, or it could not be made ready: nothing is said of the
    /// program.
    Machine(io::Error),
    /// The system does not run the program.
    Program(io::Error),
}

impl From<io::Error> for NotBorn {
    fn from(error: io::Error) -> Self {
        NotBorn::Machine(error)
    }
}

/// What the child reads, in the memory of its parent.
struct Newborn<'a> {
    program: *const c_char,
    args: *const *const c_char,
    env: *const *const c_char,
    working_dir: *const c_char,
    standard: [RawFd; 3],
    before_exec: &'a dyn Fn() -> io::Result<()>,
    /// Why it did not become the plugin; 0 where it did.
    error: AtomicI32,
    /// Whether it came as far as the program.
    ready: AtomicBool,
}

/// Starts a child in a process group of its own, with these descriptors as its
/// standard ones. `before_exec` runs in the child and makes system calls only.
pub(super) fn spawn(
    image: &Image,
    standard: [&OwnedFd; 3],
    before_exec: &dyn Fn() -> io::Result<()>,
) -> Result<Pid, NotBorn> {
    // A standard descriptor that is put in its place may not be another's.
    let high = |fd: &&OwnedFd| rustix::io::fcntl_dupfd_cloexec(fd, 3);
    let standard = standard.iter().map(high).collect::<Result<Vec<_>, _>>();
    let standard = standard.map_err(io::Error::from)?;
    let (args, env) = (pointers(&image.args), pointers(&image.env));
    let newborn = Newborn {
        program: image.program.as_ptr(),
        args: args.as_ptr(),
        env: env.as_ptr(),
        working_dir: image.working_dir.as_ptr(),
        standard: [0, 1, 2].map(|at: usize| standard[at].as_raw_fd()),
        before_exec,
        error: AtomicI32::new(0),
        ready: AtomicBool::new(false),
    };
    let mut stack = Box::<[u8]>::new_uninit_slice(STACK_BYTES);
    let end = stack.as_mut_ptr_range().end;
    let top = end.wrapping_sub(end.addr() % 16);
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let blocked = BlockedSignals::new();
    // SAFETY: the child runs `become_plugin` on a stack of its own, and this
    // thread goes on only once it has left it for good, by exec or by its end;
    // until then all that `newborn` points at lives. No handler of this process
    // runs in the child, since signals are blocked until it has none.
    #[expect(unsafe_code)]
    let pid = unsafe {
        libc::clone(
            become_plugin,
            top.cast(),
            flags,
            (&raw const newborn).cast_mut().cast(),
        )
    };
    let refused = io::Error::last_os_error();
    drop(blocked);
    drop(stack);
    let Some(pid) = Pid::from_raw(pid).filter(|_| pid > 0) else {
        return Err(refused.into());
    };
    match newborn.error.load(Ordering::Relaxed) {
        0 => Ok(pid),
        error => {
            let _ = waitpid(Some(pid), WaitOptions::empty());
            let error = io::Error::from_raw_os_error(error);
            Err(if newborn.ready.load(Ordering::Relaxed) {
                NotBorn::Program(error)
            } else {
                NotBorn::Machine(error)
            })
        }
    }
}

/// The list that exec takes: pointers, and a null.
fn pointers(texts: &[CString]) -> Vec<*const c_char> {
    let texts = texts.iter().map(|text| text.as_ptr());
    texts.chain([ptr::null()]).collect()
}

/// The whole life of the child as a part of this program.
extern "C" fn become_plugin(newborn: *mut c_void) -> c_int {
    // SAFETY: `spawn` passes a `Newborn` that outlives this call.
    #[expect(unsafe_code)]
    let newborn = unsafe { &*newborn.cast::<Newborn<'_>>() };
    let error = prepare(newborn).err().unwrap_or_else(|| {
        newborn.ready.store(true, Ordering::Relaxed);
        // SAFETY: each pointer is to a text or a list that ends with a null.
        #[expect(unsafe_code)]
        unsafe {
            libc::execve(newborn.program, newborn.args, newborn.env);
        }
        io::Error::last_os_error()
    });
    let error = error.raw_os_error().unwrap_or(libc::EIO);
    newborn.error.store(error, Ordering::Relaxed);
    // SAFETY: ends this process at once and runs nothing of the parent's.
    #[expect(unsafe_code)]
    unsafe {
        libc::_exit(127)
    }
}

fn prepare(newborn: &Newborn<'_>) -> io::Result<()> {
    for (fd, place) in newborn.standard.into_iter().zip(0..) {
        // SAFETY: plain numbers; the child has its own table of them.
        #[expect(unsafe_code)]
        checked(unsafe { libc::dup2(fd, place) })?;
    }
    rustix::process::setpgid(None, None)?;
    // SAFETY: the text ends with a null, and the child has its own directory.
    #[expect(unsafe_code)]
    checked(unsafe { libc::chdir(newborn.working_dir) })?;
    forget_handlers();
    set_signal_mask(&empty_signal_set());
    (newborn.before_exec)()
}

fn checked(result: c_int) -> io::Result<()> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Exec does this too, but a signal may come first and would run a handler of
/// the parent in its memory. SIGPIPE, which Rust programs ignore, is as a
/// program expects it.
fn forget_handlers() {
    for signal in 1..=LAST_SIGNAL {
        // SAFETY: an all-zero action is SIG_DFL with an empty mask; the child has
        // its own table of actions. Signals that take none are refused.
        #[expect(unsafe_code)]
        unsafe {
            let mut action = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
            if libc::sigaction(signal, ptr::null(), &raw mut action) == 0
                && action.sa_sigaction != libc::SIG_DFL
                && (action.sa_sigaction != libc::SIG_IGN || signal == libc::SIGPIPE)
            {
                let default = MaybeUninit::<libc::sigaction>::zeroed().assume_init();
                libc::sigaction(signal, &raw const default, ptr::null_mut());
            }
        }
    }
}

/// Keeps signals from this thread, and from a child that it starts.
struct BlockedSignals {
    before: libc::sigset_t,
}

impl BlockedSignals {
    fn new() -> Self {
        let mut all = empty_signal_set();
        // SAFETY: fills a set of this function.
        #[expect(unsafe_code)]
        unsafe {
            libc::sigfillset(&raw mut all);
        }
        BlockedSignals {
            before: set_signal_mask(&all),
        }
    }
}

impl Drop for BlockedSignals {
    fn drop(&mut self) {
        set_signal_mask(&self.before);
    }
}

fn empty_signal_set() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: the call initialises the set.
    #[expect(unsafe_code)]
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

/// Sets the mask of this thread and returns the one before.
fn set_signal_mask(mask: &libc::sigset_t) -> libc::sigset_t {
    let mut before = empty_signal_set();
    // SAFETY: both are sets that live through the call.
    #[expect(unsafe_code)]
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, mask, &raw mut before);
    }
    before
}
