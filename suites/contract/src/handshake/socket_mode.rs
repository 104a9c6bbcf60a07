//! Who may open the socket of a launch.

use host::Launch;
use host::handshake::Network;
use runner::Case;
use std::os::unix::fs::PermissionsExt;
use terms::{Finding, Judgement, Place, Trouble, Verdict};

/// Fails where others than the owner may. The umask is an ordinary one: a
/// stricter one would hide the breach.
pub(super) async fn judge_mode(case: &Case, launch: Launch) -> Judgement {
    let launch = Launch {
        umask: 0o022,
        ..launch
    };
    let session = case.launch(&launch).await?;
    let mode = match session.line().network {
        Network::Tcp => None,
        Network::Unix => Some(
            std::fs::metadata(&session.line().address)
                .map(|meta| meta.permissions().mode() & 0o777)
                .map_err(Trouble::infrastructure)?,
        ),
    };
    session.stop().await;
    Ok(match mode {
        None => Verdict::not_claimed("the plugin listens on TCP"),
        Some(mode) if mode & 0o022 == 0 => Verdict::Pass,
        Some(mode) => Verdict::fail(
            Finding::new("the socket is writable for others than its owner")
                .at(Place::Handshake { field: 4 })
                .expected("no write bit for group and others")
                .actual(format!("mode {mode:04o}")),
        ),
    })
}
