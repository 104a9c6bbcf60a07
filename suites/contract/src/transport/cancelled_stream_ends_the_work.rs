use crate::declare::requirement;
use proto::grpc::health::v1::HealthCheckRequest;
use proto::grpc::health::v1::health_client::HealthClient;
use runner::Case;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};
use tonic::Code;

/// Streams that are opened and cancelled, one after another.
const STREAMS: usize = 64;
/// How long the last of them may take to be given up.
const GRACE: Duration = Duration::from_secs(2);
const WATCH: &str = "grpc.health.v1.Health/Watch";

requirement! {
    /// A cancelled stream ends the work.
    ///
    /// What a stream holds in the plugin, a thread or a place in a pool, is free again when its client has gone.
    ///
    /// ## How it is judged
    ///
    /// 64 health watches are opened and cancelled one after another; within 2 s of the last, health must answer as it did before. The streams of single kinds are judged with their kinds. A plugin without Watch is not judged.
    ///
    /// ## Usual causes
    ///
    /// A handler that waits for an event and never looks whether its call is alive, in a pool of few threads.
    "RPC-007", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let limit = session.limits().rpc;
    for number in 0..STREAMS {
        let mut client = HealthClient::new(session.caller().channel());
        let request = HealthCheckRequest {
            service: "plugin".to_owned(),
        };
        let opened = tokio::time::timeout(limit, async {
            let mut stream = client.watch(request).await?.into_inner();
            stream.message().await
        })
        .await;
        match opened {
            Ok(Ok(_)) => {}
            Ok(Err(status)) if number == 0 && status.code() == Code::Unimplemented => {
                session.stop().await;
                return Ok(Verdict::not_claimed("the plugin serves no Watch"));
            }
            // No place for another watcher: the others still hold theirs.
            Ok(Err(_)) | Err(_) => break,
        }
    }
    let deadline = Instant::now() + GRACE;
    let verdict = loop {
        if session.is_as_healthy().await {
            break Verdict::Pass;
        }
        if Instant::now() < deadline && session.exited().is_none() {
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        }
        break Verdict::fail(
            Finding::new("cancelled streams still hold what they used")
                .at(Place::Call {
                    method: WATCH.to_owned(),
                })
                .expected(format!("a health answer after {STREAMS} cancelled watches"))
                .actual("another answer than before, or none")
                .with(session.evidence()),
        );
    };
    session.finish().await;
    Ok(verdict)
}
