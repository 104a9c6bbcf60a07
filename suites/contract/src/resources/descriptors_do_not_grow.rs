use super::growth::{Resource, judge_growth};
use crate::declare::requirement;
use runner::Case;
use terms::Judgement;

requirement! {
    /// Descriptors do not grow.
    ///
    /// A descriptor that each call leaves open ends in a plugin that can open nothing any more.
    ///
    /// ## How it is judged
    ///
    /// 200 calls warm a launch up: the light operation of an Aperio plugin where it asks no provider and takes less than 100 ms, else health. Then the open descriptors of the process are read at the borders of three windows over 500 calls. Where every window has grown, it is looked at again over 1000, then over 2000 calls; only growth in every window of all three, that has not slowed down to half, is a breach. So pools that fill and heaps that breathe are not accused.
    ///
    /// ## Usual causes
    ///
    /// A file, socket or pipe that is closed on the good path alone.
    "RES-004", Should, since "1.0", launches
}

async fn judge(case: &mut Case) -> Judgement {
    judge_growth(case, Resource::Descriptors, "descriptors").await
}
