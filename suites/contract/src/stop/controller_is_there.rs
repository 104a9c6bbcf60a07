use crate::declare::requirement;
use host::session::SHUTDOWN;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// The controller service is there.
    ///
    /// Without plugin.GRPCController every stop costs a go-plugin host 2 s and ends in SIGKILL.
    ///
    /// ## How it is judged
    ///
    /// Shutdown is called on a launch of its own and must not be UNIMPLEMENTED.
    ///
    /// ## Usual causes
    ///
    /// A server by hand without plugin.GRPCController; go-plugin's library adds it by itself.
    "STOP-001", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let (end, _) = session.shut_down().await;
    let verdict = if end.code() == Some(tonic::Code::Unimplemented) {
        Verdict::fail(
            Finding::new("Shutdown is not implemented")
                .at(Place::Call {
                    method: SHUTDOWN.to_owned(),
                })
                .expected("an answer, or a connection that is cut")
                .actual(end.to_string())
                .with(session.evidence()),
        )
    } else {
        Verdict::Pass
    };
    session.finish().await;
    Ok(verdict)
}
