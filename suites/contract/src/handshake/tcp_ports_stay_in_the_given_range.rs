use super::ports::on_tcp;
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
    /// One launch with a range of eight free ports: the announced port must lie in it. A plugin on unix sockets is not judged.
    ///
    /// ## Usual causes
    ///
    /// A listener on port 0, whatever the variables say.
    "HSK-022", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let Some(ports) = on_tcp(case).await? else {
        return Ok(Verdict::not_claimed("the plugin listens on a unix socket"));
    };
    let launch = Launch {
        ports: Some((ports.min, ports.max)),
        ..case.base()
    };
    drop(ports.first);
    let session = case.launch(&launch).await?;
    let address = session.line().address.clone();
    session.stop().await;
    let port = address
        .rsplit(':')
        .next()
        .and_then(|port| port.parse::<u16>().ok());
    if port.is_some_and(|port| (ports.min..=ports.max).contains(&port)) {
        return Ok(Verdict::Pass);
    }
    Ok(Verdict::fail(
        Finding::new("the port lies outside PLUGIN_MIN_PORT and PLUGIN_MAX_PORT")
            .at(Place::Handshake { field: 4 })
            .expected(format!("a port from {} to {}", ports.min, ports.max))
            .actual(address),
    ))
}
