//! One live plugin outside of any check.

use crate::Interrupt;
use crate::case::{attempt, not_up};
use crate::execute::in_case;
use host::{Launch, Limits, Mode, Plugin, Session};
use std::sync::Arc;
use terms::Trouble;

/// Starts the plugin as its host does, under AutoMTLS where it promises that,
/// looks, and stops it. None where the run was cut short.
///
/// # Errors
///
/// [`Trouble`] says why there was nothing to look at.
pub fn visit<T>(
    plugin: &Arc<Plugin>,
    limits: &Limits,
    interrupt: &Interrupt,
    look: impl AsyncFnOnce(&mut Session) -> T,
) -> Result<Option<T>, Trouble> {
    let mode = if plugin.auto_mtls {
        Mode::AutoMtls
    } else {
        Mode::Plain
    };
    in_case(limits, interrupt, async || {
        let session = attempt(plugin, &Launch::of(mode), limits).await?;
        let mut session = session.map_err(|record| Trouble::Vacuous {
            why: not_up(&record).message,
        })?;
        let seen = look(&mut session).await;
        session.stop().await;
        Ok(seen)
    })
}
