use super::multiplexed_dial::{Visit, is_unannounced, out_of_reach};
use crate::declare::requirement;
use crate::observed::blocked_by;
use crate::operation::Operation;
use host::CallEnd;
use host::multiplex::{Answer, Sight};
use host::services::Fault;
use runner::Case;
use std::time::Duration;
use terms::{Judgement, Verdict};
use tokio::task::JoinSet;

/// Operations that run side by side.
const PARALLEL: usize = 8;
/// How often the connection is cut.
const ROUNDS: usize = 3;
/// How long the host takes over an answer: a dial that does not wait its turn
/// knocks meanwhile.
const ANSWER: Duration = Duration::from_millis(300);

requirement! {
    /// One stream follows one knock.
    ///
    /// A stream carries no id: the host gives the next one to whatever was knocked for last. A stream without a knock, or two dials that overlap, end at the wrong server.
    ///
    /// ## How it is judged
    ///
    /// One attached launch with PLUGIN_MULTIPLEX_GRPC=true. The connection to the host's services is cut three times, and eight light operations run side by side after each cut, while the host takes 300 ms over each answer. No stream may come without an acknowledged knock, and no knock while an earlier one still waits for its stream.
    ///
    /// ## Usual causes
    ///
    /// Dials without a lock around knock and stream.
    "BRK-010", Must, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let mode = case.base().mode();
    if let Some(verdict) = out_of_reach(case, mode).await? {
        return Ok(verdict);
    }
    let mut visit = Visit::begin(case, mode).await?;
    let limit = visit.session.limits().rpc;
    let end = visit.attach(limit).await?;
    if matches!(end, CallEnd::Answer(()))
        && let Some(operation) = Operation::of(&mut visit.session).await?
    {
        visit.porch.answer(Answer::Late(ANSWER));
        for _ in 0..ROUNDS {
            visit.server.fail_with(Fault::Cut);
            visit.server.fail_with(Fault::None);
            let mut running = JoinSet::new();
            for _ in 0..PARALLEL {
                let (operation, caller) = (operation.clone(), visit.session.caller());
                running.spawn(async move { operation.call(&caller).await });
            }
            // How they end is judged elsewhere.
            running.join_all().await;
        }
    }
    let unannounced = visit.count(is_unannounced);
    let early = visit.count(|sight| matches!(sight, Sight::Knock { early: true, .. }));
    let streams = visit.count(|sight| matches!(sight, Sight::Stream { id: Some(_) }));
    let mut findings = Vec::new();
    if unannounced > 0 {
        findings.push(
            visit
                .finding("streams come without an acknowledged knock")
                .expected("a knock and its answer before each stream")
                .actual(format!("{unannounced} such streams")),
        );
    }
    if early > 0 {
        findings.push(
            visit
                .finding("dials overlap")
                .expected("no knock before the last one has its stream")
                .actual(format!("{early} knocks too early")),
        );
    }
    let gone = visit.session.exited().is_some();
    visit.session.finish().await;
    Ok(match end {
        _ if !findings.is_empty() => Verdict::of(findings),
        _ if gone => blocked_by("BRK-014"),
        CallEnd::Answer(()) if streams == 0 => {
            Verdict::not_claimed("the plugin does not dial its host over a multiplexed connection")
        }
        CallEnd::Answer(()) => Verdict::Pass,
        _ => blocked_by("BRK-009"),
    })
}
