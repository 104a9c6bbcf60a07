use crate::declare::requirement;
use host::Launch;
use host::handshake::Network;
use runner::Case;
use std::os::unix::fs::PermissionsExt;
use terms::{Finding, Judgement, Place, Trouble, Verdict};

requirement! {
    /// Under TLS nobody else may open the socket.
    ///
    /// Connecting to a unix socket needs write permission; with it any local user reaches the plugin.
    ///
    /// ## How it is judged
    ///
    /// A launch with umask 022, since a stricter one would hide the breach. A TCP listener has no mode: not claimed.
    "HSK-020", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.plugin().auto_mtls {
        return Ok(Verdict::not_claimed("AutoMTLS is declared away"));
    }
    let launch = Launch {
        umask: 0o022,
        ..Launch::auto_mtls()
    };
    let session = case.launch(&launch).await?;
    let verdict = match session.line().network {
        Network::Tcp => Verdict::not_claimed("the plugin listens on TCP"),
        Network::Unix => {
            let mode = std::fs::metadata(&session.line().address)
                .map(|meta| meta.permissions().mode() & 0o777)
                .map_err(Trouble::infrastructure)?;
            if mode & 0o022 == 0 {
                Verdict::Pass
            } else {
                Verdict::fail(
                    Finding::new("the socket is writable for others than its owner")
                        .at(Place::Handshake { field: 4 })
                        .expected("no write bit for group and others")
                        .actual(format!("mode {mode:04o}")),
                )
            }
        }
    };
    session.stop().await;
    Ok(verdict)
}
