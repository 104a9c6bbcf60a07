use super::{START_STREAM, has_stream};
use crate::declare::requirement;
use proto::goplugin::{ConnInfo, conn_info::Knock};
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// A knock without multiplexing does no harm.
    ///
    /// A knock asks for a stream of a multiplexed connection. Where there is none, it is neither acknowledged nor fatal.
    ///
    /// ## How it is judged
    ///
    /// One launch without multiplexing is sent a knock; it must live, answer health, and acknowledge nothing.
    ///
    /// ## Usual causes
    ///
    /// A knock that is acknowledged without asking whether the connection is multiplexed, or taken for an advertisement with an empty address: look at `knock` first, and pass over it there.
    "BRK-008", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    if !has_stream(&mut session).await {
        session.stop().await;
        return Ok(Verdict::not_claimed("the plugin serves no broker stream"));
    }
    if let Some(broker) = session.broker() {
        let knock = Knock {
            knock: true,
            ack: false,
            error: String::new(),
        };
        broker
            .announce(ConnInfo {
                service_id: 7,
                knock: Some(knock),
                ..ConnInfo::default()
            })
            .await;
    }
    let serving = session.is_as_healthy().await;
    let acknowledged = session.broker().is_some_and(|broker| {
        broker.announced().iter().any(|info| {
            info.knock
                .as_ref()
                .is_some_and(|knock| knock.ack && knock.error.is_empty())
        })
    });
    let seen = match session.exited() {
        Some(exit) => Some(format!("the process ended: {exit}")),
        None if !serving => Some("health is not SERVING any more".to_owned()),
        None if acknowledged => Some("an acknowledgement".to_owned()),
        None => None,
    };
    let verdict = match seen {
        None => Verdict::Pass,
        Some(seen) => Verdict::fail(
            Finding::new("a knock without multiplexing was not ignored")
                .at(Place::Call {
                    method: START_STREAM.to_owned(),
                })
                .expected("no answer, and a plugin that goes on")
                .actual(seen)
                .with(session.evidence()),
        ),
    };
    session.stop().await;
    Ok(verdict)
}
