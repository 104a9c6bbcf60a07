//! A requirement together with the code that judges it.

use crate::Case;
use host::channel::{Came, ChannelFailure, Step};
use host::{LaunchRecord, Mode, Session};
use std::future::Future;
use std::pin::Pin;
use terms::{Judgement, Lost, Manner, Requirement, Stopped};

/// What a judge's future looks like; it stays on its thread.
pub type Judging<'a> = Pin<Box<dyn Future<Output = Judgement> + 'a>>;

/// A requirement and its judge.
#[derive(Debug)]
pub struct Check {
    /// The promise.
    pub requirement: Requirement,
    /// Who judges it.
    pub judge: Judge,
    /// Whether a breach that it saw itself is not tried again: it is a long wait
    /// that ran out, and a second one would double the time of the run.
    pub once: bool,
}

/// How a promise is judged.
#[derive(Clone, Copy)]
pub enum Judge {
    /// Reads what was seen of the launch of each mode; nothing is called.
    Record(Over, fn(&LaunchRecord) -> Judgement),
    /// Uses the live session of each mode and leaves it healthy.
    Session(Over, for<'a> fn(&'a mut Session) -> Judging<'a>),
    /// Starts processes of its own.
    Case(Pace, for<'a> fn(&'a mut Case) -> Judging<'a>),
    /// Nobody: the requirement says why.
    Nobody,
}

impl std::fmt::Debug for Judge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Judge::Record(..) => "Record",
            Judge::Session(..) => "Session",
            Judge::Case(..) => "Case",
            Judge::Nobody => "Nobody",
        })
    }
}

/// What a case does with its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Starts and calls: takes one of the jobs.
    Works,
    /// Mostly waits: runs beside the jobs.
    Waits,
    /// The same, for some seconds: starts before the others.
    WaitsLong,
}

/// Which modes a promise is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Plain and AutoMTLS.
    Both,
    /// The plain mode alone.
    Plain,
    /// AutoMTLS alone.
    Tls,
}

impl Over {
    /// Whether the promise is about this mode.
    pub fn covers(self, mode: Mode) -> bool {
        match self {
            Over::Both => true,
            Over::Plain => mode == Mode::Plain,
            Over::Tls => mode == Mode::AutoMtls,
        }
    }
}

/// The suite's answer to "whose breach is it" where no judge saw it.
#[derive(Debug, Clone, Copy)]
pub struct Roots {
    /// No usable line came, and no judge of the record objected.
    pub no_line: &'static str,
    /// The line was fine and no channel came up.
    pub no_channel: fn(&host::channel::ChannelFailure) -> &'static str,
    /// The process ended during a call.
    pub crash: &'static str,
    /// A call never ended.
    pub hang: &'static str,
    /// Checks that look for the reason and so are run though no launch came
    /// up.
    pub diagnoses: &'static [&'static str],
}

impl Roots {
    /// Whose breach the loss of a plugin is.
    pub(crate) fn of(&self, gone: &Lost) -> &'static str {
        gone.root.unwrap_or(match gone.manner {
            Manner::Line | Manner::Channel => self.no_line,
            Manner::Crash => self.crash,
            Manner::Hang => self.hang,
        })
    }

    /// Whose breach it is that the process has ended, where `check` brought
    /// this result of its session and it had.
    pub(crate) fn of_end(
        &self,
        check: &'static str,
        result: &Judgement,
        session: &mut Session,
    ) -> Option<&'static str> {
        session.exited()?;
        match result {
            Err(Stopped::Lost(gone)) => Some(self.of(gone)),
            Ok(verdict) if verdict.is_fail() => Some(check),
            _ => None,
        }
    }

    /// Whether a breach that no judge saw may be this requirement's.
    pub(crate) fn may_name(&self, id: &str) -> bool {
        [self.no_line, self.crash, self.hang].contains(&id)
            || Step::ALL.iter().any(|&step| {
                let failure = ChannelFailure {
                    step,
                    text: String::new(),
                    exit: None,
                    came: Came::default(),
                };
                (self.no_channel)(&failure) == id
            })
    }
}
