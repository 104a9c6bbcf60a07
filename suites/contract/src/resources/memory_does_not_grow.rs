use super::growth::{Resource, judge_growth};
use crate::declare::requirement;
use runner::Case;
use terms::Judgement;

requirement! {
    /// Memory does not grow.
    ///
    /// Memory that each call leaves behind ends in a plugin that its machine kills.
    ///
    /// ## How it is judged
    ///
    /// 200 calls warm a launch up: the light operation of an Aperio plugin where it asks no provider and takes less than 100 ms, else health. Then the resident memory of the process is read at the borders of three windows over 500 calls. Where every window has grown, it is looked at again over 1000, then over 2000 calls; only growth in every window of all three, that has not slowed down to half, is a breach. So pools that fill and heaps that breathe are not accused.
    ///
    /// ## Usual causes
    ///
    /// A cache without a bound; a list of all calls; a client for each call.
    "RES-006", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    judge_growth(case, Resource::Memory, "the resident pages").await
}
