use crate::declare::requirement;
use crate::in_flight::InFlight;
use crate::lifecycle::BUSY;
use crate::observed::blocked_by;
use futures::future::{join, join_all};
use host::process::Exit;
use host::session::shutdown_call;
use host::{CallEnd, Session};
use runner::Case;
use rustix::process::Signal;
use std::fmt;
use std::time::Duration;
use terms::{Evidence, Finding, Judgement, Stopped, Verdict};

/// Most tries of two Shutdown calls at once.
const TRIES: usize = 4;
/// How long a signal has to be noticed before the next request.
const NOTICED: Duration = Duration::from_millis(200);

requirement! {
    /// A second stop request is harmless.
    ///
    /// A host that gets no answer asks again, and a container sends SIGTERM to a plugin that its host is just shutting down.
    ///
    /// ## How it is judged
    ///
    /// Each in a launch of its own: two Shutdown calls at once on two connections, up to four times until both are answered; Shutdown, then SIGTERM; SIGTERM, then SIGTERM or Shutdown while a call is held (Attach, whose advertisement is withheld). The process must end with code 0, as it does after each of the two alone; one that does not is told by LIFE-006. Pairs with SIGTERM are left out for plugins that are not Aperio's, since go-plugin promises nothing about it.
    ///
    /// ## Usual causes
    ///
    /// A channel that is closed twice; a server that is stopped twice; a signal handler that restores the default.
    "STOP-005", Should, since "1.0", waits
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Shutdown,
    Sigterm,
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Request::Shutdown => "Shutdown",
            Request::Sigterm => "SIGTERM",
        })
    }
}

const PAIRS: [(Request, Request); 4] = [
    (Request::Shutdown, Request::Shutdown),
    (Request::Shutdown, Request::Sigterm),
    (Request::Sigterm, Request::Sigterm),
    (Request::Sigterm, Request::Shutdown),
];

/// How a process ended after one request, or two.
struct End {
    exit: Option<Exit>,
    /// Whether the second request reached a live process.
    delivered: bool,
    evidence: Evidence,
}

impl End {
    fn is_clean(&self) -> bool {
        self.exit.is_some_and(|exit| exit.is_clean())
    }
}

async fn judge(case: &mut Case) -> Judgement {
    let case: &Case = case;
    let promised = |request: &Request| *request == Request::Shutdown || case.plugin().is_aperio();
    let alone = [Request::Shutdown, Request::Sigterm]
        .into_iter()
        .filter(promised);
    let pairs = PAIRS
        .into_iter()
        .filter(|(first, second)| promised(first) && promised(second));
    // Each waits for its own process, and most for a call that ends late.
    let (alone, pairs) = join(
        join_all(alone.map(async |request| (request, end(case, request, None).await))),
        join_all(
            pairs.map(async |(first, second)| (first, second, twice(case, first, second).await)),
        ),
    )
    .await;
    let mut clean_alone = vec![];
    for (request, end) in alone {
        if end?.is_clean() {
            clean_alone.push(request);
        }
    }
    let (mut findings, mut delivered, mut blocked) = (Vec::new(), false, false);
    for (first, second, twice) in pairs {
        if !clean_alone.contains(&first) || !clean_alone.contains(&second) {
            blocked = true;
            continue;
        }
        let twice = twice?;
        delivered |= twice.delivered;
        if twice.is_clean() {
            continue;
        }
        findings.push(
            Finding::new(format!("{second} after {first} did harm"))
                .expected("exit code 0, as after one request")
                .actual(
                    twice
                        .exit
                        .map_or("still running".to_owned(), |exit| exit.to_string()),
                )
                .with(twice.evidence),
        );
    }
    Ok(if !findings.is_empty() {
        Verdict::of(findings)
    } else if blocked {
        blocked_by("LIFE-006")
    } else if delivered {
        Verdict::Pass
    } else {
        Verdict::not_claimed("the plugin ends before a second request reaches it")
    })
}

/// Two requests, again while the second comes too late: who is quick at times
/// is no other plugin then.
async fn twice(case: &Case, first: Request, second: Request) -> Result<End, Stopped> {
    let tries = match (first, second) {
        (Request::Shutdown, Request::Shutdown) => TRIES,
        _ => 1,
    };
    for _ in 1..tries {
        let end = end(case, first, Some(second)).await?;
        if end.delivered || !end.is_clean() {
            return Ok(end);
        }
    }
    end(case, first, Some(second)).await
}

async fn end(case: &Case, first: Request, second: Option<Request>) -> Result<End, Stopped> {
    let mut session = case.launch(&case.base()).await?;
    // After SIGTERM only a busy plugin is there for a second request.
    let held = match first {
        Request::Sigterm => InFlight::hold(&mut session).await?,
        Request::Shutdown => None,
    };
    let delivered = match (first, second) {
        (Request::Shutdown, Some(Request::Shutdown)) => shut_down_twice(&session).await,
        (Request::Shutdown, Some(Request::Sigterm)) => {
            shutdown_call(&session.caller(), session.limits().shutdown).await;
            terminate(&mut session)
        }
        (Request::Shutdown, None) => {
            session.shut_down().await;
            false
        }
        (Request::Sigterm, second) => {
            session.process().signal(Signal::TERM);
            tokio::time::sleep(NOTICED).await;
            match second {
                Some(Request::Sigterm) => terminate(&mut session),
                Some(Request::Shutdown) => {
                    let end = shutdown_call(&session.caller(), session.limits().shutdown).await;
                    !matches!(end, CallEnd::Broken(_))
                }
                None => false,
            }
        }
    };
    let exit = session.process().exited_in_own_time(BUSY).await;
    let evidence = session.evidence();
    drop(held);
    session.finish().await;
    Ok(End {
        exit,
        delivered,
        evidence,
    })
}

/// Both at once, each on its own connection where a second one can be had;
/// whether both were answered.
async fn shut_down_twice(session: &Session) -> bool {
    let limit = session.limits().shutdown;
    let one = session.caller();
    let other = match session.another_connection().await {
        Ok(caller) => caller,
        Err(_) => session.caller(),
    };
    let (one, other) = tokio::join!(shutdown_call(&one, limit), shutdown_call(&other, limit));
    one.replied() && other.replied()
}

fn terminate(session: &mut Session) -> bool {
    let alive = session.exited().is_none();
    session.process().signal(Signal::TERM);
    alive
}
