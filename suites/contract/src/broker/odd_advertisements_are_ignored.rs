use super::{START_STREAM, has_stream};
use crate::declare::requirement;
use host::StreamState;
use proto::goplugin::ConnInfo;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

/// More than any table of ids holds at a time.
const MANY: u32 = 300;

requirement! {
    /// Odd advertisements are ignored.
    ///
    /// An id nobody waits for, the same id twice, id 0, an unknown network: none of them is an error of the stream, and none is worth a process.
    ///
    /// ## How it is judged
    ///
    /// One launch is sent each of them and 300 ids at once; the process must live, health must be SERVING, and the stream must stay open.
    ///
    /// ## Usual causes
    ///
    /// An id that is looked up without asking whether somebody waits for it; an address whose parse error ends the stream; a future that is completed, or a channel that is closed, twice for one id; a full queue that blocks the reader. Pass over what nobody asked for.
    "BRK-007", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    if !has_stream(&mut session).await {
        session.stop().await;
        return Ok(Verdict::not_claimed("the plugin serves no broker stream"));
    }
    let odd = |service_id: u32, network: &str, address: &str| ConnInfo {
        service_id,
        network: network.to_owned(),
        address: address.to_owned(),
        knock: None,
    };
    let mut sent = vec![
        (
            "an id nobody waits for",
            odd(4_000_000_000, "tcp", "127.0.0.1:1"),
        ),
        (
            "the same id again",
            odd(4_000_000_000, "tcp", "127.0.0.1:1"),
        ),
        ("id 0", odd(0, "tcp", "127.0.0.1:1")),
        (
            "an unknown network",
            odd(4_000_000_001, "carrier-pigeon", "loft"),
        ),
        ("an empty message", ConnInfo::default()),
    ];
    sent.extend((0..MANY).map(|id| ("many ids", odd(3_000_000_000 + id, "tcp", "127.0.0.1:1"))));
    let mut findings = Vec::new();
    let mut last = "";
    for (what, info) in sent {
        if let Some(broker) = session.broker() {
            broker.announce(info).await;
        }
        if what == last {
            continue;
        }
        last = what;
        if let Some(breach) = after(&mut session, what).await {
            findings.push(breach);
            break;
        }
    }
    if findings.is_empty() {
        findings.extend(after(&mut session, "300 ids at once").await);
    }
    session.stop().await;
    Ok(Verdict::of(findings))
}

async fn after(session: &mut host::Session, what: &str) -> Option<Finding> {
    let serving = session.is_as_healthy().await;
    let state = session.broker().map(|broker| broker.state());
    let seen = match (serving, session.exited(), state) {
        (_, Some(exit), _) => format!("the process ended: {exit}"),
        (false, None, _) => "health is not SERVING any more".to_owned(),
        (true, None, Some(StreamState::Open)) => return None,
        (true, None, _) => "the broker stream ended".to_owned(),
    };
    Some(
        Finding::new(format!("the plugin did not survive {what}"))
            .at(Place::Call {
                method: START_STREAM.to_owned(),
            })
            .expected("an advertisement that is ignored")
            .actual(seen)
            .with(session.evidence()),
    )
}
