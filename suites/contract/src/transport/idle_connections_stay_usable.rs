use crate::declare::requirement;
use crate::idle::idle;
use crate::observed::blocked_by;
use host::call::HEALTH;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// Idle connections stay usable.
    ///
    /// A host may have nothing to ask for hours. A connection that was closed meanwhile costs it the next call, and with the first one go-plugin's streams.
    ///
    /// ## How it is judged
    ///
    /// In the idle process that several checks share: its first connection, with go-plugin's streams, and one with nothing on it are left alone for 5 s. A health call on each must be replied to.
    ///
    /// ## Usual causes
    ///
    /// A limit on the age or idle time of connections in the server's options.
    "RPC-008", Should, since "1.0", waits long
}

async fn judge(case: &mut Case) -> Judgement {
    let seen = idle(case).await?;
    if seen.exit.is_some() {
        return Ok(blocked_by("STOP-008"));
    }
    let findings = seen
        .health
        .iter()
        .filter(|(_, end)| !end.replied())
        .map(|(connection, end)| {
            Finding::new(format!(
                "{connection} is not usable after a while without a call"
            ))
            .at(Place::Call {
                method: HEALTH.to_owned(),
            })
            .expected("a reply on the connection that was left alone")
            .actual(end.to_string())
            .with(seen.evidence.clone())
        })
        .collect();
    Ok(Verdict::of(findings))
}
