//! What ends a run early: a signal, a reader that went away, the time.

use crate::commands::talk;
use runner::{Cause, Interrupt};
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::SignalsInfo;
use signal_hook::iterator::exfiltrator::WithOrigin;
use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use terms::Exit;

/// Signals that plugins sent to the harness, as if they were its user.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ignored(Arc<Mutex<BTreeSet<&'static str>>>);

impl Ignored {
    fn add(&self, signal: &'static str, pid: i32) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.insert(signal) {
            talk(&format!(
                "the plugin (pid {pid}) sent {signal} to the harness: ignored"
            ));
        }
    }

    /// What the report says of them.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.clone();
        known
            .into_iter()
            .map(|signal| format!("the plugin sent {signal} to the harness, which ignored it"))
    }
}

/// Ends the run at the first SIGINT, SIGTERM or SIGHUP, and everything at the
/// second, unless a plugin sent it; ends it too when nobody reads stdout any
/// more.
pub(crate) fn watch(interrupt: &Interrupt) -> Ignored {
    let ignored = Ignored::default();
    watch_signals(interrupt.clone(), ignored.clone());
    watch_stdout(interrupt.clone());
    ignored
}

/// Ends the run after this time.
pub(crate) fn watch_time(interrupt: &Interrupt, limit: Duration) {
    let interrupt = interrupt.clone();
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        interrupt.end(Cause::Deadline);
    });
}

fn watch_signals(interrupt: Interrupt, ignored: Ignored) {
    // From here on, so that no plugin is quicker.
    let Ok(mut signals) = SignalsInfo::<WithOrigin>::new([SIGINT, SIGTERM, SIGHUP]) else {
        return;
    };
    std::thread::spawn(move || {
        let mut asked = false;
        for origin in signals.forever() {
            let sender = origin.process.map(|process| process.pid);
            // One that is gone may have been anybody, so it is the user.
            if let Some(pid) = sender
                && host::lineage::is_below(pid) == Some(true)
            {
                ignored.add(name(origin.signal), pid);
                continue;
            }
            if asked {
                at_once();
            }
            asked = true;
            if interrupt.end(Cause::User) {
                talk("interrupted: ending the plugins; once more kills them");
            }
        }
    });
}

fn name(signal: i32) -> &'static str {
    match signal {
        SIGINT => "SIGINT",
        SIGHUP => "SIGHUP",
        _ => "SIGTERM",
    }
}

/// Kills every plugin, leaves nothing behind, and ends this process.
fn at_once() -> ! {
    host::process::kill_all();
    host::private_dir::remove_root();
    #[expect(clippy::exit, reason = "the user asked twice")]
    std::process::exit(Exit::Interrupted.code().into())
}

fn watch_stdout(interrupt: Interrupt) {
    std::thread::spawn(move || {
        let stdout = std::io::stdout();
        // Nothing is waited for but the end of the other side.
        let mut watched = [PollFd::from_borrowed_fd(stdout.as_fd(), PollFlags::empty())];
        loop {
            match poll(&mut watched, None) {
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return,
                Ok(_) => break,
            }
        }
        let gone = PollFlags::ERR | PollFlags::HUP;
        if watched[0].revents().intersects(gone) {
            interrupt.end(Cause::User);
        }
    });
}
