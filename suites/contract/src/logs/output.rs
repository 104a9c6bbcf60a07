//! What a plugin writes in a whole life with some work in it: seen once a run
//! in each mode, and read by every check of its output.

use crate::operation::Operation;
use bytes::Bytes;
use host::call::HEALTH;
use host::capture::OutputLine;
use host::logs::{self, Departure, Form};
use host::process::Exit;
use host::stdio::{Chunk, Stdio};
use host::{Launch, Session};
use runner::Case;
use std::sync::Arc;
use std::time::Duration;
use terms::{Finding, Judgement, Place, Stopped, Verdict};
use tonic::Request;

/// Light operations of one life.
const OPERATIONS: usize = 10;
/// How long the first piece of what they print may take to arrive.
const FIRST_PIECE: Duration = Duration::from_secs(1);
/// Findings of one requirement; more of the same kind help nobody.
const MOST: usize = 5;

/// What one life wrote.
#[derive(Debug, Clone)]
pub(super) struct Output {
    /// Its stderr, from the start to the end.
    pub(super) stderr: Vec<OutputLine>,
    /// The longest line of stdout behind the handshake line, in bytes.
    pub(super) longest_later: u64,
    /// What came over the stdio stream before the stop.
    pub(super) pieces: Vec<Chunk>,
    /// Whether the plugin serves a stdio stream.
    pub(super) has_stdio: bool,
    /// How it ended after Shutdown; none where a signal had to end it.
    pub(super) exit: Option<Exit>,
}

/// One life in each mode that comes up.
pub(super) async fn outputs(case: &Case) -> Result<Arc<Vec<Output>>, Stopped> {
    case.lend("output", async |case| {
        let mut outputs = Vec::new();
        for launch in [Launch::default(), Launch::auto_mtls()] {
            if case.came_up(launch.mode()) {
                outputs.push(life(case, &launch).await?);
            }
        }
        Ok(outputs)
    })
    .await
}

/// A call that is lost is judged elsewhere; here only what was written counts.
async fn life(case: &Case, launch: &Launch) -> Result<Output, Stopped> {
    let mut session = case.launch(launch).await?;
    session.health("plugin").await;
    let nobody = "aperio.nobody.NobodyService/Ask";
    let end = session
        .caller()
        .raw(nobody, Request::new(Bytes::new()))
        .await;
    session.settle(end).await;
    // A field of 7 bytes, and nothing of it: handlers like to log this.
    let request = Request::new(Bytes::from_static(&[0x0a, 0x07]));
    let caller = session.caller();
    let end = caller.raw(HEALTH, request).await;
    session.settle(end).await;
    if let Ok(Some(operation)) = Operation::of(&mut session).await {
        let _server = session.attach().await;
        for _ in 0..OPERATIONS {
            if !operation.call(&caller).await.replied() {
                break;
            }
        }
    }
    first_piece(&session).await;
    let pieces = session.stdio().map(Stdio::chunks).unwrap_or_default();
    let has_stdio = session
        .stdio()
        .is_some_and(|stdio| !stdio.state().is_missing());
    let (_, exit) = session.shut_down().await;
    if exit.is_some() {
        let limit = session.limits().pipe;
        session.stdout().ended_within(limit).await;
        session.stderr().ended_within(limit).await;
    }
    let output = Output {
        stderr: session.stderr().lines(),
        longest_later: longest_later(&mut session),
        pieces,
        has_stdio,
        exit,
    };
    session.finish().await;
    Ok(output)
}

async fn first_piece(session: &Session) {
    let deadline = tokio::time::Instant::now() + FIRST_PIECE;
    let waits = || match session.stdio() {
        Some(stdio) => stdio.byte_count() == 0 && stdio.state().is_open(),
        None => false,
    };
    while waits() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn longest_later(session: &mut Session) -> u64 {
    let stdout = session.stdout();
    let first = stdout.lines().first().map_or(0, |line| line.length);
    // Lines between head and tail are counted, not kept.
    if stdout.longest_line() > first {
        return stdout.longest_line();
    }
    let lines = stdout.lines();
    lines
        .iter()
        .skip(1)
        .map(|line| line.length)
        .max()
        .unwrap_or(0)
}

/// Fails for every departure of these kinds in the lines of these forms; what
/// a plugin never logs is not judged.
pub(super) async fn lines_lack(
    case: &Case,
    among: fn(Form) -> bool,
    nothing: &str,
    kinds: &[Departure],
    expected: &str,
) -> Judgement {
    let outputs = outputs(case).await?;
    let mut seen = 0;
    let mut findings: Vec<Finding> = Vec::new();
    for line in outputs.iter().flat_map(|output| &output.stderr) {
        let reading = logs::read(line);
        if !among(reading.form) {
            continue;
        }
        seen += 1;
        for lint in reading
            .lints
            .into_iter()
            .filter(|lint| kinds.contains(&lint.kind))
        {
            let is_new = findings.iter().all(|finding| finding.message != lint.text);
            if is_new && findings.len() < MOST {
                findings.push(
                    Finding::new(lint.text)
                        .at(Place::Output {
                            stream: "stderr".to_owned(),
                            line: line.number,
                        })
                        .expected(expected)
                        .actual(lint.seen),
                );
            }
        }
    }
    if seen == 0 {
        return Ok(Verdict::not_claimed(nothing));
    }
    Ok(Verdict::of(findings))
}

/// Any line that says something.
pub(super) fn any(form: Form) -> bool {
    form != Form::Continued
}

/// JSON objects.
pub(super) fn structured(form: Form) -> bool {
    matches!(form, Form::Structured { .. })
}
