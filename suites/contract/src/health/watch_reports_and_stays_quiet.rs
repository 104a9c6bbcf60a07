use crate::declare::requirement;
use crate::observed::blocked_by;
use host::{CallEnd, Session};
use proto::grpc::health::v1::health_client::HealthClient;
use proto::grpc::health::v1::{HealthCheckRequest, HealthCheckResponse};
use runner::Case;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};
use tonic::{Code, Streaming};

const WATCH: &str = "grpc.health.v1.Health/Watch";
/// How long a watch is watched.
const WATCHED: Duration = Duration::from_secs(2);

requirement! {
    /// Watch reports and stays quiet.
    ///
    /// A health watch tells the status at once, then only when it changes, and lasts until its client or the plugin goes. A plugin may leave Watch out.
    ///
    /// ## How it is judged
    ///
    /// A watch of `plugin` in a launch of its own. Its first message must say what Check says; within the next 2 s, in which nothing happens, no status may be repeated and the stream may not end. A plugin without Watch is not judged.
    ///
    /// ## Usual causes
    ///
    /// A watch that is answered like a check and ended; a timer that sends the same status again.
    "HLT-004", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let CallEnd::Answer(status) = session.health("plugin").await else {
        session.stop().await;
        return Ok(blocked_by("LIFE-005"));
    };
    let mut client = HealthClient::new(session.caller().channel());
    let request = HealthCheckRequest {
        service: "plugin".to_owned(),
    };
    let limit = session.limits().rpc;
    let opened = tokio::time::timeout(limit, async {
        let mut stream = client.watch(request).await?.into_inner();
        let first = stream.message().await?;
        Ok::<_, tonic::Status>((first, stream))
    });
    let seen = match opened.await {
        Err(_) => Some(format!("no message within {} s", limit.as_secs_f32())),
        Ok(Err(refused)) if refused.code() == Code::Unimplemented => {
            session.stop().await;
            return Ok(Verdict::not_claimed("the plugin serves no Watch"));
        }
        Ok(Err(refused)) => Some(format!("an end with {refused}")),
        Ok(Ok((None, _))) => Some("an end without a message".to_owned()),
        Ok(Ok((Some(first), _))) if first.status != status => Some(format!(
            "status {} first, while Check says {status}",
            first.status
        )),
        Ok(Ok((Some(first), stream))) => wrong_after(&first, stream).await,
    };
    let verdict = match seen {
        None => Verdict::Pass,
        Some(seen) => Verdict::fail(finding(&mut session, seen)),
    };
    session.finish().await;
    Ok(verdict)
}

fn finding(session: &mut Session, seen: String) -> Finding {
    let seen = match session.exited() {
        Some(exit) => format!("{seen}; the process ended: {exit}"),
        None => seen,
    };
    Finding::new("a health watch does not report the status, and then its changes")
        .at(Place::Call {
            method: WATCH.to_owned(),
        })
        .expected("one message, and a stream that stays open")
        .actual(seen)
        .with(session.evidence())
}

/// What a watch does wrong after its first message, if anything.
async fn wrong_after(
    first: &HealthCheckResponse,
    mut stream: Streaming<HealthCheckResponse>,
) -> Option<String> {
    let began = Instant::now();
    let (mut last, mut repeats) = (first.status, 0_u64);
    // Asked anew each time: a flood never waits, so no timer would end it.
    while began.elapsed() < WATCHED {
        let left = WATCHED.saturating_sub(began.elapsed());
        match tokio::time::timeout(left, stream.message()).await {
            Err(_) => break,
            Ok(Ok(Some(next))) => {
                repeats += u64::from(next.status == last);
                last = next.status;
            }
            Ok(Ok(None)) => return Some("a stream that ended by itself".to_owned()),
            Ok(Err(status)) => return Some(format!("a stream that ended with {status}")),
        }
    }
    (repeats > 0).then(|| format!("the same status again, {repeats} times in 2 s"))
}
