use crate::declare::requirement;
use crate::health_call::check;
use crate::observed::blocked_by;
use host::call::HEALTH;
use host::channel;
use host::wire::{self, Frames, Question};
use host::{Launch, Session};
use runner::Case;
use std::time::Duration;
use terms::{Finding, Judgement, Place, Trouble, Verdict};

/// Calls of the client that does not read.
const CALLS: u32 = 32;
/// Connections that are tried beside it.
const OTHERS: usize = 5;
/// Pause between them, for a plugin that notices late.
const PAUSE: Duration = Duration::from_millis(100);

requirement! {
    /// A stalled client holds up nobody.
    ///
    /// A client that has stopped reading, or never began to talk, costs its own connection and no other.
    ///
    /// ## How it is judged
    ///
    /// In each mode: a client connects and says nothing, not even TLS; then another makes 32 health checks with a window of 0 and reads none of the answers. Beside each, five further connections must get theirs.
    ///
    /// ## Usual causes
    ///
    /// A handshake in the loop that accepts; a lock that is held while an answer is written.
    "ROB-006", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let mut findings = Vec::new();
    for launch in [Launch::default(), Launch::auto_mtls()] {
        if !case.came_up(launch.mode()) {
            continue;
        }
        let session = case.launch(&launch).await?;
        let seen = beside_stalled(&session).await;
        session.finish().await;
        match seen? {
            Ok(found) => findings.extend(found),
            Err(verdict) => return Ok(verdict),
        }
    }
    Ok(Verdict::of(findings))
}

/// What a stalled client did to others, or why that is not to be seen.
async fn beside_stalled(session: &Session) -> Result<Result<Option<Finding>, Verdict>, Trouble> {
    if others(session).await.is_err() {
        return Ok(Err(blocked_by("RPC-002")));
    }
    let target = session.target();
    let silent = channel::dial(&target.network, &target.address)
        .await
        .map_err(Trouble::infrastructure)?;
    if let Err(seen) = others(session).await {
        return Ok(Ok(Some(held_up(session, "says nothing", seen))));
    }
    drop(silent);
    let Ok(mut unread) = Frames::open_unread(target, session.limits().rpc).await else {
        return Ok(Err(blocked_by("RPC-002")));
    };
    if !unread.send(&requests()).await {
        return Ok(Err(Verdict::vacuous(
            "the plugin did not take the requests",
        )));
    }
    let seen = others(session).await.err();
    Ok(Ok(seen.map(|seen| held_up(session, "does not read", seen))))
}

fn held_up(session: &Session, how: &str, seen: String) -> Finding {
    let mode = session.mode();
    Finding::new(format!("a client that {how} holds up another ({mode})"))
        .at(Place::Call {
            method: HEALTH.to_owned(),
        })
        .expected("a reply to a health check over another connection")
        .actual(seen)
        .with(session.evidence())
}

/// Five connections, one after another, and a health check over each.
async fn others(session: &Session) -> Result<(), String> {
    for _ in 0..OTHERS {
        let mut wire = session.wire().await.map_err(|failure| failure.text)?;
        let reply = wire.ask(&Question::new(HEALTH, check("plugin"))).await;
        reply.map_err(|none| none.to_string())?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

fn requests() -> Vec<u8> {
    let message = check("plugin");
    let length = u8::try_from(message.len()).expect("the message is a few bytes long");
    let mut body = vec![0, 0, 0, 0, length];
    body.extend_from_slice(&message);
    let mut bytes = wire::preface(&[(wire::INITIAL_WINDOW_SIZE, 0)]);
    for number in 0..CALLS {
        let stream = 2 * number + 1;
        bytes.extend(wire::request(stream, HEALTH));
        bytes.extend(wire::data(stream, &body, true));
    }
    bytes
}
