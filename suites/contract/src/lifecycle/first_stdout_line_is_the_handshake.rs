use crate::declare::requirement;
use crate::handshake::library_missing;
use crate::observed::stderr;
use host::handshake::{Departure, go_compatible};
use host::{Arrival, LaunchRecord};
use rustix::process::Signal;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The first stdout line is the handshake.
    ///
    /// Exactly one go-plugin handshake line, first on stdout, within the start timeout; the protocol field says `grpc`.
    ///
    /// ## How it is judged
    ///
    /// A plain and an AutoMTLS launch. The process must live, print a line in time, not counting what it was kept waiting for a processor, and print no second one. A first line that is no handshake at all is a breach of LIFE-004 or HSK-011 and is told there.
    ///
    /// ## Usual causes
    ///
    /// A missing configuration value that ends the process; a line that is printed but not flushed.
    "LIFE-002", Must, since "1.0", record
}

/// How programs end that meet a bound of memory or of file size.
const BOUND: [i32; 2] = [Signal::ABORT.as_raw(), Signal::XFSZ.as_raw()];

fn judge(record: &LaunchRecord) -> Judgement {
    let finding = match &record.arrival {
        Arrival::Line { .. } => {
            let wrong = record
                .lints
                .iter()
                .find(|lint| lint.kind == Departure::Protocol);
            match wrong {
                Some(lint) => Finding::new(lint.text.clone())
                    .at(Place::Handshake { field: 5 })
                    .expected("grpc")
                    .actual(lint.seen.clone())
                    .hint("the field is `grpc`, in small letters; go-plugin announces `netrpc` unless the ServeConfig has GRPCServer: plugin.DefaultGRPCServer and its plugins are GRPCPlugins"),
                None => return Ok(second_line(record)),
            }
        }
        Arrival::Exited { .. } if library_missing(record).is_some() => return Ok(Verdict::Pass),
        Arrival::Exited { exit, .. } => Finding::new(format!(
            "the plugin ended before its handshake line: {exit}"
        ))
        .expected("a handshake line on stdout")
        .hint(if refused_cookie(record) {
            "it seems not to know the cookie: --cookie KEY=VALUE names the plugin's own"
        } else if exit.signal.is_some_and(|signal| BOUND.contains(&signal)) {
            "a launch bounds memory and file sizes, and it may have met a bound: [limits] of aperio-plugin.toml moves them"
        } else {
            "its last stderr lines may tell why; it gets no HOME and no other variable of yours"
        }),
        Arrival::ClosedStdout => {
            Finding::new("the plugin closed stdout without a handshake line and lives on")
                .expected("a handshake line on stdout")
        }
        Arrival::TimedOut {
            limit,
            listening,
            wrote: None,
        } => {
            let finding = Finding::new("no handshake line before the start timeout")
                .expected(format!("a line within {} s", limit.as_secs_f32()))
                .actual("nothing on stdout");
            finding.hint(if *listening {
                "a socket is listening: the line may be printed and not flushed"
            } else {
                "it waits, or is no plugin: the line belongs on stdout as soon as the listener accepts"
            })
        }
        // Bytes without a newline are the breach of HSK-010, and why a file
        // does not start is told by HSK-001 to HSK-004.
        Arrival::TimedOut { wrote: Some(_), .. } | Arrival::NotStarted(_) => {
            return Ok(Verdict::Pass);
        }
    };
    Ok(Verdict::fail(finding.with(stderr(record))))
}

/// Whether stderr holds what libraries say to a start without their cookie.
fn refused_cookie(record: &LaunchRecord) -> bool {
    let says = |words: &str| record.stderr.iter().any(|line| line.contains(words));
    says("not meant to be executed directly") || says("a host starts it") || says("ookie")
}

fn second_line(record: &LaunchRecord) -> Verdict {
    let handshakes: Vec<&String> = record
        .stdout_after
        .iter()
        .filter(|line| go_compatible(line.as_bytes()).is_ok())
        .collect();
    match handshakes.first() {
        Some(line) if record.is_usable() => Verdict::fail(
            Finding::new("a second handshake line follows the first")
                .expected("one handshake line")
                .actual(line.as_str())
                .with(stderr(record)),
        ),
        _ => Verdict::Pass,
    }
}
