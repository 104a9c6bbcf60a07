//! What ends a run early: a signal, a reader that went away, the time.

use crate::commands::talk;
use runner::{Cause, Interrupt};
use rustix::event::{PollFd, PollFlags, poll};
use std::os::fd::AsFd;
use std::time::Duration;
use terms::Exit;
use tokio::signal::unix::{SignalKind, signal};

/// Ends the run at the first SIGINT, SIGTERM or SIGHUP, and everything at the
/// second; ends it too when nobody reads stdout any more.
pub(crate) fn watch(interrupt: &Interrupt) {
    watch_signals(interrupt.clone());
    watch_stdout(interrupt.clone());
}

/// Ends the run after this time.
pub(crate) fn watch_time(interrupt: &Interrupt, limit: Duration) {
    let interrupt = interrupt.clone();
    std::thread::spawn(move || {
        std::thread::sleep(limit);
        interrupt.end(Cause::Deadline);
    });
}

fn watch_signals(interrupt: Interrupt) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async {
            let kinds = [
                SignalKind::interrupt(),
                SignalKind::terminate(),
                SignalKind::hangup(),
            ];
            let [Ok(mut int), Ok(mut term), Ok(mut hup)] = kinds.map(signal) else {
                return;
            };
            let mut asked = false;
            loop {
                tokio::select! {
                    _ = int.recv() => {}
                    _ = term.recv() => {}
                    _ = hup.recv() => {}
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
    });
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
