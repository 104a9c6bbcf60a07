use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::lifecycle::BUSY;
use crate::observed::blocked_by;
use runner::Case;
use rustix::process::Signal;
use terms::{Evidence, Finding, Judgement, Place, Stopped, Verdict};

requirement! {
    /// Stopping leaves no trace of a crash.
    ///
    /// A panic, a traceback or a fatal error on the way out hides the real ones, and raises alarms at every deployment.
    ///
    /// ## How it is judged
    ///
    /// What a plugin writes to stderr from the stop request on: after Shutdown, idle and with a call held (Attach, whose advertisement is withheld), and after SIGTERM for Aperio's plugins. No line may begin as the last words of a runtime do. Log lines in JSON may say what they like.
    ///
    /// ## Usual causes
    ///
    /// Event loops that are closed under their tasks; a channel that is used after it was closed.
    "STOP-009", Should, since "1.0", waits
}

#[derive(Debug, Clone, Copy)]
enum Way {
    Idle,
    Busy,
    Sigterm,
}

impl Way {
    fn text(self) -> &'static str {
        match self {
            Way::Idle => "Shutdown of an idle plugin",
            Way::Busy => "Shutdown of a busy plugin",
            Way::Sigterm => "SIGTERM",
        }
    }
}

async fn judge(case: &mut Case) -> Judgement {
    let ways: &[Way] = if case.plugin().is_aperio() {
        &[Way::Idle, Way::Busy, Way::Sigterm]
    } else {
        &[Way::Idle]
    };
    let (mut findings, mut ended) = (Vec::new(), false);
    for &way in ways {
        let Some(lines) = last_words(case, way).await? else {
            continue;
        };
        ended = true;
        if let Some((number, line)) = lines.iter().find(|(_, line)| tells_of_a_crash(line)) {
            findings.push(
                Finding::new(format!("{} leaves the trace of a crash", way.text()))
                    .at(Place::Output {
                        stream: "stderr".to_owned(),
                        line: *number,
                    })
                    .expected("no panic, traceback or fatal error")
                    .actual(line.clone())
                    .with(Evidence {
                        stderr: lines
                            .iter()
                            .take(20)
                            .map(|(_, line)| line.clone())
                            .collect(),
                        ..Evidence::default()
                    }),
            );
        }
    }
    Ok(if ended {
        Verdict::of(findings)
    } else {
        blocked_by("LIFE-006")
    })
}

/// The lines on stderr from the stop request to the exit, with their numbers;
/// none where the process did not end.
async fn last_words(case: &Case, way: Way) -> Result<Option<Vec<(u64, String)>>, Stopped> {
    let mut session = case.launch(&case.base()).await?;
    let held = match way {
        Way::Busy => InFlight::hold(&mut session).await?,
        Way::Idle | Way::Sigterm => None,
    };
    let before = session.stderr().line_count();
    match way {
        Way::Idle | Way::Busy => drop(session.shut_down().await),
        Way::Sigterm => session.process().signal(Signal::TERM),
    }
    let exit = session.process().exited_within(BUSY).await;
    let limit = session.limits().pipe;
    session.stderr().ended_within(limit).await;
    let lines = session.stderr().lines();
    drop(held);
    session.finish().await;
    let after = lines.into_iter().filter(|line| line.number > before);
    let words = after
        .map(|line| {
            (
                line.number,
                String::from_utf8_lossy(&line.bytes).into_owned(),
            )
        })
        .collect();
    Ok(exit.map(|_| words))
}

/// How runtimes begin what they say of a crash.
const BEGINNINGS: [&str; 7] = [
    "panic: ",
    "fatal error: ",
    "SIGSEGV",
    "Segmentation fault",
    "Traceback (most recent call last)",
    "Exception ignored in",
    "terminate called",
];

fn tells_of_a_crash(line: &str) -> bool {
    let line = line.trim_start();
    BEGINNINGS
        .iter()
        .any(|beginning| line.starts_with(beginning))
        || (line.starts_with("goroutine ") && line.trim_end().ends_with("]:"))
        || (line.starts_with("thread '") && line.contains("panicked at"))
        || line.ends_with("(core dumped)")
}

#[cfg(test)]
mod tests {
    use super::tells_of_a_crash;

    #[test]
    fn crashes_of_several_runtimes_are_known() {
        for line in [
            "panic: close of closed channel",
            "goroutine 1 [running]:",
            "goroutine 34 [chan receive, 2 minutes]:",
            "thread 'main' (7) panicked at src/main.rs:1:1:",
            "Traceback (most recent call last):",
            "Aborted (core dumped)",
        ] {
            assert!(tells_of_a_crash(line), "{line}");
        }
        for line in [
            "[INFO] stopping",
            r#"{"@message":"panic: none"}"#,
            "no panic: all is well",
            "goroutine pool drained",
        ] {
            assert!(!tells_of_a_crash(line), "{line}");
        }
    }
}
