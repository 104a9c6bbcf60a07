use super::ports::{Ports, not_on_tcp};
use crate::declare::requirement;
use host::Launch;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// TCP ports stay in the given range.
    ///
    /// PLUGIN_MIN_PORT and PLUGIN_MAX_PORT are what a firewall lets through.
    ///
    /// ## How it is judged
    ///
    /// Two launches, each with a range of eight free ports: the announced port must lie in it. A plugin on unix sockets is not judged.
    ///
    /// ## Usual causes
    ///
    /// A listener on port 0, whatever the variables say.
    "HSK-022", Should, since "1.0", launches
}

/// The system's choice lies in such a range once in some thousand launches.
const LAUNCHES: usize = 2;

async fn judge(case: &mut Case) -> Judgement {
    if let Some(verdict) = not_on_tcp(case).await? {
        return Ok(verdict);
    }
    for _ in 0..LAUNCHES {
        let verdict = judge_one(case).await?;
        if verdict.is_fail() {
            return Ok(verdict);
        }
    }
    Ok(Verdict::Pass)
}

async fn judge_one(case: &Case) -> Judgement {
    let Ports { first, min, max } = Ports::free()?;
    let launch = Launch {
        ports: Some((min, max)),
        ..case.base()
    };
    drop(first);
    let session = case.launch(&launch).await?;
    let address = session.line().address.clone();
    session.stop().await;
    let port = address
        .rsplit(':')
        .next()
        .and_then(|port| port.parse::<u16>().ok());
    if port.is_some_and(|port| (min..=max).contains(&port)) {
        return Ok(Verdict::Pass);
    }
    Ok(Verdict::fail(
        Finding::new("the port lies outside PLUGIN_MIN_PORT and PLUGIN_MAX_PORT")
            .at(Place::Handshake { field: 4 })
            .expected(format!("a port from {min} to {max}"))
            .actual(address),
    ))
}
