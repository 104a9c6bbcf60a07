use crate::declare::requirement;
use crate::observed::{not_aperios, reason};
use crate::operation::Operation;
use host::call::code_name;
use host::session::{ATTACH, CHECK_HEALTH};
use proto::aperio::plugin::v1 as api;
use runner::Case;
use terms::{Finding, Judgement, Place, Verdict};
use tonic::Code;

requirement! {
    /// Attach happens once and opens host services.
    ///
    /// A second call is refused with FAILED_PRECONDITION and the reason PRECONDITION_FAILED. What needs the host's services before Attach answers NOT_ATTACHED; everything else works.
    ///
    /// ## How it is judged
    ///
    /// One launch: CheckHealth, ValidateConfig and a light operation before Attach must be replied to, whatever the status; then Attach, then a second Attach, which must be refused so. What needs the host's services is not looked for.
    ///
    /// ## Usual causes
    ///
    /// A second call that takes the place of the first, or that is refused with another code or without the ErrorInfo that names the reason; a handler that uses the host's services before Attach and ends the process over it.
    "HOST-001", Must, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    if !case.plugin().is_aperio() {
        return Ok(not_aperios());
    }
    let mut session = case.launch(&case.base()).await?;
    // A plugin that is lost here is lost by a call before Attach.
    let _: Result<api::CheckHealthResponse, _> = session
        .ask(CHECK_HEALTH, api::CheckHealthRequest {})
        .await?;
    let _: Result<api::ValidateConfigResponse, _> = session
        .ask(
            "aperio.plugin.v1.PluginService/ValidateConfig",
            api::ValidateConfigRequest::default(),
        )
        .await?;
    if let Some(operation) = Operation::of(&mut session).await? {
        let end = operation.call(&session.caller()).await;
        let end = session.settle(end).await;
        let _ = session.replied(operation.method(), end)?;
    }
    let Ok(_server) = session.attach().await? else {
        session.stop().await;
        return Ok(Verdict::vacuous(
            "the first Attach was refused; the broker's checks say why",
        ));
    };
    let id = session.next_broker_id();
    let request = session.attach_request(id).await?;
    let second: Result<api::AttachResponse, _> = session.ask(ATTACH, request).await?;
    let seen = match second {
        Ok(_) => "OK".to_owned(),
        Err(status) => {
            let reason = reason(&status);
            if status.code() == Code::FailedPrecondition
                && reason.as_deref() == Some("PRECONDITION_FAILED")
            {
                session.stop().await;
                return Ok(Verdict::Pass);
            }
            format!(
                "{} with the reason {}",
                code_name(status.code()),
                reason.as_deref().unwrap_or("none")
            )
        }
    };
    let verdict = Verdict::fail(
        Finding::new("a second Attach was not refused as it should be")
            .at(Place::Call {
                method: ATTACH.to_owned(),
            })
            .expected("FAILED_PRECONDITION with the reason PRECONDITION_FAILED")
            .actual(seen)
            .with(session.evidence()),
    );
    session.stop().await;
    Ok(verdict)
}
