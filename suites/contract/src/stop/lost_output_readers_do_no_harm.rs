use crate::declare::requirement;
use crate::lifecycle::BUSY;
use crate::operation::Operation;
use bytes::Bytes;
use host::call::HEALTH;
use host::process::Exit;
use host::services;
use host::session::ATTACH;
use host::{CallEnd, Session};
use proto::aperio::plugin::v1 as api;
use runner::Case;
use std::time::Duration;
use terms::{Evidence, Finding, Judgement, Place, Stopped, Trouble, Verdict};
use tonic::Request;

/// How long output may trail the call that made it.
const TRAILS: Duration = Duration::from_millis(200);

requirement! {
    /// Lost output readers do no harm.
    ///
    /// A host that dies, or restarts its log reader, leaves nobody at the other end of stdout and stderr. A plugin loses its lines then, not its life.
    ///
    /// ## How it is judged
    ///
    /// Two launches get the same calls: health, an unknown method, and for Aperio's plugins Attach and a light operation, then Shutdown. In the second one the host closes its ends of stdout and stderr first: every call must be answered and the exit be as in the first. A plugin that writes nothing meanwhile is not judged, and neither is one that loses a call in the first launch.
    ///
    /// ## Usual causes
    ///
    /// SIGPIPE with its default action: on fd 1 and 2 Go's runtime restores it; a logger that takes a failed write for fatal.
    "STOP-006", Should, since "1.0", waits
}

/// The calls of one launch, and its end.
struct Life {
    wrote: bool,
    /// The first call that was not replied to.
    lost: Option<(String, String)>,
    exit: Option<Exit>,
    evidence: Evidence,
}

async fn judge(case: &mut Case) -> Judgement {
    let read = live(case, true).await?;
    if !read.wrote {
        return Ok(Verdict::not_claimed(
            "nothing it was asked for makes the plugin write",
        ));
    }
    if let Some((method, end)) = read.lost {
        return Ok(Verdict::vacuous(format!(
            "{method} is lost with a reader, too: {end}"
        )));
    }
    let unread = live(case, false).await?;
    let mut findings = Vec::new();
    if let Some((method, end)) = &unread.lost {
        findings.push(
            Finding::new("a call was lost once nobody read the plugin's output")
                .at(Place::Call {
                    method: method.clone(),
                })
                .expected("an answer or a status")
                .actual(end.clone())
                .with(unread.evidence.clone()),
        );
    }
    let clean = |exit: Option<Exit>| exit.is_some_and(|exit| exit.is_clean());
    if findings.is_empty() && clean(read.exit) && !clean(unread.exit) {
        findings.push(
            Finding::new("the plugin did not end cleanly once nobody read its output")
                .expected("exit code 0, as with a reader")
                .actual(
                    unread
                        .exit
                        .map_or("still running".to_owned(), |exit| exit.to_string()),
                )
                .with(unread.evidence),
        );
    }
    Ok(Verdict::of(findings))
}

async fn live(case: &Case, is_read: bool) -> Result<Life, Stopped> {
    let mut session = case.launch(&case.base()).await?;
    // Whatever needs an answer of the plugin is asked for beforehand.
    let operation = Operation::of(&mut session).await?;
    let host = if session.plugin().is_aperio() {
        let server = session.serve_host(&services::Listen::Loopback, None).await;
        let server = server.map_err(Trouble::infrastructure)?;
        let id = session.next_broker_id();
        let request = session.attach_request(id).await?;
        session.advertise(id, &server).await;
        Some((server, request))
    } else {
        None
    };
    if !is_read {
        session.stdout().close().await;
        session.stderr().close().await;
    }
    let before = written(&mut session);
    let mut lost = None;
    let end = session.health("plugin").await.map(|_| ());
    note(&mut lost, HEALTH, &end);
    let unknown = "plugin.Nobody/Nothing";
    let end = session
        .caller()
        .raw(unknown, Request::new(Bytes::new()))
        .await;
    let end = session.settle(end).await;
    note(&mut lost, unknown, &end);
    if let Some((_, request)) = &host {
        let end = session
            .call::<_, api::AttachResponse>(ATTACH, request.clone())
            .await;
        note(&mut lost, ATTACH, &end.map(|_| ()));
    }
    if let Some(operation) = &operation {
        let end = operation.call(&session.caller()).await;
        let end = session.settle(end).await;
        note(&mut lost, operation.method(), &end);
    }
    let evidence = session.evidence();
    session.shut_down().await;
    let exit = session.process().exited_within(BUSY).await;
    session.stderr().ended_within(TRAILS).await;
    let wrote = written(&mut session) > before;
    session.finish().await;
    Ok(Life {
        wrote,
        lost,
        exit,
        evidence,
    })
}

fn note(lost: &mut Option<(String, String)>, method: &str, end: &CallEnd<()>) {
    if lost.is_none() && !end.replied() {
        *lost = Some((method.to_owned(), end.to_string()));
    }
}

fn written(session: &mut Session) -> u64 {
    session.stdout().byte_count() + session.stderr().byte_count()
}
