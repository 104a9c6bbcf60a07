use crate::declare::requirement;
use host::CallEnd;
use host::session::SHUTDOWN;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};

requirement! {
    /// An idle plugin answers or cuts Shutdown within 2 s.
    ///
    /// A go-plugin host calls Shutdown without a deadline: a handler that hangs hangs the host.
    ///
    /// ## How it is judged
    ///
    /// Shutdown on a launch of its own must be answered, or its connection cut, within 2 s. A plugin without the controller is told by STOP-001.
    ///
    /// ## Usual causes
    ///
    /// A handler that stops the server gracefully before it answers, and so waits for its own call.
    "STOP-002", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    let mut session = case.launch(&case.base()).await?;
    let (end, _) = session.shut_down().await;
    let verdict = match end {
        CallEnd::Silent(limit) => Verdict::fail(
            Finding::new("Shutdown was neither answered nor cut")
                .at(Place::Call {
                    method: SHUTDOWN.to_owned(),
                })
                .expected(format!("an end within {} s", limit.as_secs_f32()))
                .actual("the call goes on")
                .with(session.evidence()),
        ),
        _ => Verdict::Pass,
    };
    session.finish().await;
    Ok(verdict)
}
