//! What a plugin does when multiplexing is asked for: seen once a run and
//! mode.

use crate::observed::{blocked_by, has_banner};
use host::{Launch, LaunchRecord, Mode};
use runner::Case;
use std::sync::Arc;
use terms::{Stopped, Verdict};

/// One launch in this mode with PLUGIN_MULTIPLEX_GRPC=true, up to its first
/// health answer.
pub(crate) async fn seen(case: &Case, mode: Mode) -> Result<Arc<LaunchRecord>, Stopped> {
    let name = match mode {
        Mode::Plain => "multiplexed, plain",
        Mode::AutoMtls => "multiplexed, AutoMTLS",
    };
    case.lend(name, async |case| Box::pin(attempt(case, mode)).await)
        .await
}

/// The same, made anew.
pub(crate) async fn attempt(case: &Case, mode: Mode) -> Result<LaunchRecord, Stopped> {
    Ok(match case.attempt(&launch(mode)).await? {
        Ok(mut session) => {
            let record = session.record().clone();
            session.stop().await;
            record
        }
        Err(record) => *record,
    })
}

/// The launch of a mode that asks for multiplexing.
pub(crate) fn launch(mode: Mode) -> Launch {
    Launch {
        multiplex: true,
        ..Launch::of(mode)
    }
}

/// Whether the line of this launch promises multiplexing.
pub(crate) fn is_promised(record: &LaunchRecord) -> bool {
    !has_banner(record)
        && record
            .line
            .as_ref()
            .is_some_and(|line| line.multiplex == Some(true))
}

/// Why knocks are out of reach in this mode: multiplexing is not promised, or
/// promised in vain.
pub(crate) fn out_of_reach(record: &LaunchRecord) -> Option<Verdict> {
    if !is_promised(record) {
        return Some(Verdict::not_claimed(
            "the plugin does not promise multiplexing",
        ));
    }
    match &record.channel {
        Some(Ok(_)) => None,
        _ => Some(blocked_by("HSK-026")),
    }
}
