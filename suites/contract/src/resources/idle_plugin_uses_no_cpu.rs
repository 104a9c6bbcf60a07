use crate::declare::requirement;
use crate::idle::idle;
use crate::observed::blocked_by;
use runner::Case;
use terms::{Finding, Judgement, Place, SkipReason, Verdict};

/// The part of one processor that is no busy loop.
const NOTHING: f64 = 0.2;

requirement! {
    /// An idle plugin uses no CPU.
    ///
    /// While nothing is asked of it, and when its host has hung up, a plugin waits; less than a fifth of one processor counts as nothing, since runtimes look after themselves.
    ///
    /// ## How it is judged
    ///
    /// In the idle process that several checks share, and in another whose host hangs up at once, children included: the time their threads ran within 5 s with a host and within 3 s without, in relation to the time they were not kept waiting for a processor.
    ///
    /// ## Usual causes
    ///
    /// A loop that polls without a pause; an accept loop that goes on when accepting fails; a reader that never stops at the end of its stream.
    "RES-008", Should, since "1.0", waits
}

async fn judge(case: &mut Case) -> Judgement {
    let seen = idle(case).await?;
    if seen.exit.is_some() {
        return Ok(blocked_by("STOP-008"));
    }
    if seen.busy.is_none() {
        return Ok(Verdict::Skip {
            reason: SkipReason::Platform {
                what: "no processor times of threads".to_owned(),
            },
        });
    }
    let times = [
        ("while nothing was asked of it", seen.busy),
        ("when its host had hung up", seen.busy_alone),
    ];
    let findings = times
        .into_iter()
        .filter_map(|(when, busy)| Some((when, busy.filter(|busy| *busy >= NOTHING)?)))
        .map(|(when, busy)| {
            Finding::new(format!("the plugin was busy {when}"))
                .at(Place::Process)
                .expected("less than a fifth of one processor")
                .actual(format!("{:.0} % of one processor", busy * 100.0))
                .with(seen.evidence.clone())
        })
        .collect();
    Ok(Verdict::of(findings))
}
