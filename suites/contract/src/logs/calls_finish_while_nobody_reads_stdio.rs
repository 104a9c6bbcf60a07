use crate::declare::requirement;
use crate::operation::Operation;
use futures::future::join_all;
use host::launch::Streams;
use host::stdio::Stdio;
use host::{CallEnd, Launch};
use runner::Case;
use std::time::{Duration, Instant};
use terms::{Finding, Judgement, Place, Verdict};

/// What is printed while nobody reads, in bytes.
const UNREAD: u64 = 1 << 20;
/// Operations that show how much one prints.
const PROBES: u32 = 10;
/// Most operations spent on printing so much.
const MOST: u64 = 2000;
/// How long printing so much may take.
const BUDGET: Duration = Duration::from_mins(2);
/// Operations side by side.
const SIDE_BY_SIDE: u64 = 16;
/// How long what the probes print may take to arrive.
const ARRIVES: Duration = Duration::from_secs(1);

requirement! {
    /// Calls finish while nobody reads stdio.
    ///
    /// A host that is slow to read, or never opens StreamStdio, is still answered. go-plugin's own library blocks on purpose once its pipe is full; a plugin may do better.
    ///
    /// ## How it is judged
    ///
    /// One launch shows how much a light operation prints. Another never opens StreamStdio and makes as many operations as print 1 MiB; each must be answered within the limit of a call. A plugin whose operation prints less than 1 MiB in 2000 calls, or in two minutes, is not judged, and neither is one whose operation asks a provider.
    ///
    /// ## Usual causes
    ///
    /// Output that goes through a pipe or a queue of fixed length to the stream, as in go-plugin's own library.
    "LOG-005", May, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let operation = Operation::of(&mut session)
        .await?
        .filter(Operation::is_local);
    let Some(operation) = operation else {
        session.stop().await;
        return Ok(Verdict::not_claimed(
            "the plugin has no operation that prints and asks no provider",
        ));
    };
    let caller = session.caller();
    let began = Instant::now();
    for _ in 0..PROBES {
        let end = operation.call(&caller).await;
        let end = session.settle(end).await;
        let _ = session.replied(operation.method(), end)?;
    }
    let takes = began.elapsed() / PROBES;
    let deadline = tokio::time::Instant::now() + ARRIVES;
    let printed = || session.stdio().map_or(0, Stdio::byte_count);
    let mut before = printed();
    // Until something has come, and then no more comes.
    while tokio::time::Instant::now() < deadline {
        tokio::time::sleep(ARRIVES / 20).await;
        if before > 0 && printed() == before {
            break;
        }
        before = printed();
    }
    let each = printed() / u64::from(PROBES);
    session.stop().await;
    if each == 0 || UNREAD / each > MOST {
        return Ok(Verdict::not_claimed(
            "the light operation prints too little to its stdio stream",
        ));
    }
    let left = UNREAD.div_ceil(each);
    let rounds = u32::try_from(left.div_ceil(SIDE_BY_SIDE)).unwrap_or(u32::MAX);
    if takes.saturating_mul(rounds) > BUDGET {
        return Ok(Verdict::not_claimed(
            "the light operation takes too long to print 1 MiB",
        ));
    }
    let launch = Launch {
        streams: Streams::BrokerOnly,
        ..case.base()
    };
    let mut session = case.launch(&launch).await?;
    let (caller, mut left) = (session.caller(), left);
    let mut silent = None;
    while left > 0 && silent.is_none() {
        let some = SIDE_BY_SIDE.min(left);
        left -= some;
        for end in join_all((0..some).map(|_| operation.call(&caller))).await {
            match session.settle(end).await {
                CallEnd::Silent(limit) => silent = Some(limit),
                end => {
                    let _ = session.replied(operation.method(), end)?;
                }
            }
        }
    }
    let verdict = match silent {
        None => Verdict::Pass,
        Some(limit) => Verdict::fail(
            Finding::new("a call waits for somebody to read what it prints")
                .at(Place::Call {
                    method: operation.method().to_owned(),
                })
                .expected("an answer, whether the output is read or lost")
                .actual(format!("no answer within {} s", limit.as_secs_f32()))
                .with(session.evidence()),
        ),
    };
    session.finish().await;
    Ok(verdict)
}
