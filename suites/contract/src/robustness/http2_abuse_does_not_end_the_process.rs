use crate::declare::requirement;
use crate::health_call::check;
use crate::observed::blocked_by;
use host::Session;
use host::call::HEALTH;
use host::channel::Target;
use host::wire::{self, Frames, Question};
use runner::Case;
use std::time::Duration;
use terms::{Finding, Judgement, Place, Verdict};

/// Frames of one kind that are sent.
const FRAMES: u32 = 2000;
/// Frames between two looks at the connection.
const AT_ONCE: u32 = 50;
/// How long a plugin has to show that it ends.
const SETTLES: Duration = Duration::from_millis(500);

/// The frames of one flood, by their number.
type Frame = fn(u32) -> Vec<u8>;

const FLOODS: [(&str, Frame); 3] = [
    ("streams that are reset at once", reset_streams),
    ("empty DATA frames", empty_data),
    ("SETTINGS frames", |_| wire::settings(&[])),
];

requirement! {
    /// HTTP/2 abuse does not end the process.
    ///
    /// A client out of its mind loses its connection. The process, and with it all others, goes on.
    ///
    /// ## How it is judged
    ///
    /// On a connection each: 1,000 streams that are opened and reset at once, 2,000 empty DATA frames, 2,000 SETTINGS frames. The plugin may close that connection; the process must live, and health must be answered over another.
    ///
    /// ## Usual causes
    ///
    /// The error of one connection that ends the loop of all.
    "ROB-007", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    if unwell(&session).await.is_some() {
        session.finish().await;
        return Ok(blocked_by("RPC-002"));
    }
    let mut verdict = Verdict::Pass;
    let target = session.target().clone();
    for (what, frame) in FLOODS {
        if !flood(&target, session.limits().rpc, frame).await {
            verdict = Verdict::vacuous(format!("no connection for {what}"));
            break;
        }
        let seen = match session.process().exited_within(SETTLES).await {
            Some(exit) => Some(format!("the process ended: {exit}")),
            None => unwell(&session).await,
        };
        if let Some(seen) = seen {
            verdict = Verdict::fail(
                Finding::new(format!("{what} ended more than their connection"))
                    .at(Place::Call {
                        method: HEALTH.to_owned(),
                    })
                    .expected("a live process, and health over another connection")
                    .actual(seen)
                    .with(session.evidence()),
            );
            break;
        }
    }
    session.finish().await;
    Ok(verdict)
}

/// Sends frames until all are sent or the plugin wants no more; whether there
/// was a connection to send them over.
async fn flood(target: &Target, limit: Duration, frame: Frame) -> bool {
    let Ok(mut frames) = Frames::open(target, limit).await else {
        return false;
    };
    let mut bytes = wire::preface(&[]);
    for number in 0..FRAMES {
        bytes.extend(frame(number));
        if number % AT_ONCE == AT_ONCE - 1 {
            if !frames.send(&bytes).await {
                break;
            }
            bytes.clear();
        }
    }
    frames.digested().await;
    true
}

/// Two frames make one stream: its request, then its end.
fn reset_streams(number: u32) -> Vec<u8> {
    let stream = number | 1;
    if number.is_multiple_of(2) {
        wire::request(stream, HEALTH)
    } else {
        wire::reset(stream)
    }
}

fn empty_data(number: u32) -> Vec<u8> {
    if number == 0 {
        wire::request(1, HEALTH)
    } else {
        wire::data(1, b"", false)
    }
}

async fn unwell(session: &Session) -> Option<String> {
    let mut wire = match session.wire().await {
        Ok(wire) => wire,
        Err(failure) => return Some(format!("{} failed: {}", failure.step, failure.text)),
    };
    let reply = wire.ask(&Question::new(HEALTH, check("plugin"))).await;
    reply.err().map(|none| none.to_string())
}
