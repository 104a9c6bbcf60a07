use crate::declare::requirement;
use host::Launch;
use host::handshake::Network;
use host::launch::Directories;
use runner::Case;
use std::path::Path;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Sockets live in PLUGIN_UNIX_SOCKET_DIR.
    ///
    /// A host that runs the plugin in a container shares that directory with it and no other.
    ///
    /// ## How it is judged
    ///
    /// One launch with two directories: the announced path must lie in the one the variable names, not in TMPDIR. A plugin on TCP is not judged.
    ///
    /// ## Usual causes
    ///
    /// A library or a plugin that knows TMPDIR alone.
    "HSK-019", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let launch = Launch {
        directories: Directories::Apart,
        ..case.base()
    };
    let mut session = case.launch(&launch).await?;
    let record = session.record().clone();
    let (network, address) = (session.line().network, session.line().address.clone());
    session.stop().await;
    if network == Network::Tcp {
        return Ok(Verdict::not_claimed("the plugin listens on TCP"));
    }
    if Path::new(&address).starts_with(&record.sockets) {
        return Ok(Verdict::Pass);
    }
    Ok(Verdict::fail(
        Finding::new("the socket is not where the host wants it")
            .at(Place::Handshake { field: 4 })
            .expected(format!("a path below {}", record.sockets.display()))
            .actual(address)
            .hint("go-plugin reads the variable since 1.5.0"),
    ))
}
