//! What a judge that starts processes of its own works with.

use crate::Roots;
use crate::loans::Loans;
use host::{Launch, LaunchRecord, Limits, Mode, Plugin, Session, Start};
use std::collections::BTreeMap;
use std::sync::Arc;
use terms::{Evidence, Finding, Lost, Manner, Stopped, Trouble};

/// One thread, one runtime, and the processes started there.
#[derive(Debug)]
pub struct Case {
    plugin: Arc<Plugin>,
    limits: Limits,
    base: Launch,
    roots: Roots,
    failed: BTreeMap<Mode, &'static str>,
    loans: Loans,
}

impl Case {
    /// `failed` names the root of each mode that brought no session.
    pub(crate) fn new(
        plugin: Arc<Plugin>,
        limits: Limits,
        base: Launch,
        roots: Roots,
        failed: BTreeMap<Mode, &'static str>,
        loans: Loans,
    ) -> Self {
        Case {
            plugin,
            limits,
            base,
            roots,
            failed,
            loans,
        }
    }

    /// An observation that several checks share: made by the first of them,
    /// once a run. A name belongs to one function of the suite.
    ///
    /// # Errors
    ///
    /// What stopped the one who made it.
    pub async fn lend<T: Send + Sync + 'static>(
        &self,
        name: &'static str,
        make: impl AsyncFnOnce(&Case) -> Result<T, Stopped>,
    ) -> Result<Arc<T>, Stopped> {
        self.loans.lend(name, Box::pin(make(self))).await
    }

    /// What keeps a mode from working, by the root's id.
    pub fn failed(&self, mode: Mode) -> Option<&'static str> {
        self.failed.get(&mode).copied()
    }

    /// Whether a launch in this mode is known to work.
    pub fn came_up(&self, mode: Mode) -> bool {
        !self.failed.contains_key(&mode) && (mode == Mode::Plain || self.plugin.auto_mtls)
    }

    /// The plugin under test.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// The bounds of the run.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The launch that is known to work: plain where that came up, else
    /// AutoMTLS.
    pub fn base(&self) -> Launch {
        self.base.clone()
    }

    /// Starts a process of a file that has been started before.
    ///
    /// # Errors
    ///
    /// [`Trouble`] when it does not start this time.
    pub async fn start(&self, launch: &Launch) -> Result<Start, Trouble> {
        Start::new(&self.plugin, launch, &self.limits)
            .await
            .map_err(Trouble::infrastructure)?
            .map_err(|record| Trouble::infrastructure(not_up(&record).message))
    }

    /// A live session, or what is known of the launch that brought none.
    pub async fn attempt(
        &self,
        launch: &Launch,
    ) -> Result<Result<Session, Box<LaunchRecord>>, Trouble> {
        attempt(&self.plugin, launch, &self.limits).await
    }

    fn root_of(&self, record: &LaunchRecord) -> &'static str {
        match &record.channel {
            Some(Err(failure)) => (self.roots.no_channel)(failure),
            _ => self.roots.no_line,
        }
    }

    /// A live session from a launch that is expected to work.
    ///
    /// # Errors
    ///
    /// [`Stopped`] when it did not; a judge passes it on with `?`.
    pub async fn launch(&self, launch: &Launch) -> Result<Session, Stopped> {
        if let Some(&id) = self.failed.get(&launch.mode()) {
            return Err(Trouble::BlockedBy { id: id.to_owned() }.into());
        }
        match self.attempt(launch).await? {
            Ok(session) => Ok(session),
            Err(record) => Err(Lost {
                manner: if record.is_usable() {
                    Manner::Channel
                } else {
                    Manner::Line
                },
                root: Some(self.root_of(&record)),
                finding: Box::new(not_up(&record)),
            }
            .into()),
        }
    }
}

/// A live session, or what is known of the launch that brought none.
pub(crate) async fn attempt(
    plugin: &Arc<Plugin>,
    launch: &Launch,
    limits: &Limits,
) -> Result<Result<Session, Box<LaunchRecord>>, Trouble> {
    let start = match Start::new(plugin, launch, limits).await {
        Ok(Ok(start)) => start,
        Ok(Err(record)) => return Ok(Err(Box::new(record))),
        Err(refused) => return Err(Trouble::infrastructure(refused)),
    };
    match start.connect().await {
        Ok(session) => Ok(Ok(session)),
        Err(mut start) => {
            let record = start.record().clone();
            start.finish().await;
            Ok(Err(Box::new(record)))
        }
    }
}

/// What to change where the way a channel failed says it better than the
/// usual causes of the promise.
fn way_out(failure: &host::channel::ChannelFailure) -> Option<&'static str> {
    use host::channel::Step;
    match failure.step {
        _ if failure.exit.is_some() => {
            Some("the process ended by itself; its last stderr lines may tell why")
        }
        Step::Silent if !failure.came.anything() => Some(
            "the connection was taken and nothing came back: is the server started, and not \
             busy, when the line is printed?",
        ),
        Step::Silent if failure.came.part_of_an_answer() => Some(
            "an answer began and did not end: it ends with the headers that hold grpc-status and \
             END_STREAM, and a 1xx status is none",
        ),
        Step::Http | Step::Silent if failure.came.given_up() => Some(
            "the plugin gave up the call or its connection by a frame of HTTP/2, which is no \
             status of gRPC: the log of its server may tell why",
        ),
        Step::Silent => Some(
            "HTTP/2 is spoken, and no answer to the call is among what came: does the handler of \
             the health check wait for something, or does the server send without a pause what \
             is no answer?",
        ),
        Step::Http if failure.came.hung_up() => Some(
            "the plugin closed the connection under the call: did its handler crash, or is \
             something in front of the server?",
        ),
        Step::Http => Some(
            "the host gave the connection up for what came over it: does anything but one HTTP/2 \
             server write to it, or is more sent than a host takes?",
        ),
        Step::Stranger => Some("announce the socket that this very process listens on"),
        _ => None,
    }
}

/// What is wrong with a launch that brought no session.
pub(crate) fn not_up(record: &LaunchRecord) -> Finding {
    use host::Arrival;
    use host::channel::Step;
    let message = match (&record.arrival, &record.channel) {
        (_, Some(Err(failure))) => format!("the line is fine, but {failure}"),
        (Arrival::NotStarted(failure), _) => failure.to_string(),
        (Arrival::Exited { exit, .. }, _) => {
            format!("the plugin ended before its handshake line: {exit}")
        }
        (Arrival::ClosedStdout, _) => {
            "the plugin closed stdout without a handshake line and lives on".to_owned()
        }
        (
            Arrival::TimedOut {
                limit, listening, ..
            },
            _,
        ) => format!(
            "no handshake line within {} s{}",
            limit.as_secs_f32(),
            if *listening {
                ", although a socket is listening: was the line flushed?"
            } else {
                ""
            }
        ),
        (Arrival::Line { .. }, _) => match &record.refused {
            Some(error) => format!("a go-plugin host refuses the first line: {error}"),
            None => "the first line was not usable".to_owned(),
        },
    };
    let shown = record
        .first_line()
        .map(|line| String::from_utf8_lossy(&line.bytes).into_owned());
    let mut finding = Finding::new(message).with(Evidence {
        stderr: record.stderr.clone(),
        ..Evidence::default()
    });
    if let Some(Err(failure)) = &record.channel {
        finding.hint = way_out(failure).map(str::to_owned);
        if matches!(failure.step, Step::Http | Step::Silent) {
            return finding
                .expected("an answer to the health check")
                .actual(failure.came.to_string());
        }
    }
    match shown {
        Some(line) => finding
            .expected("1|1|unix|/path/of/socket|grpc|")
            .actual(line.chars().take(200).collect::<String>()),
        None => finding,
    }
}
