//! A plugin that was told to end while a call is held: does it refuse new
//! ones?

use crate::observed::reason;
use host::call::code_name;
use host::session::CHECK_HEALTH;
use host::{CallEnd, Session};
use proto::aperio::plugin::v1 as api;
use std::time::{Duration, Instant};
use tonic::Code;

/// How long a signal may take to be noticed.
const NOTICED: Duration = Duration::from_secs(2);
const AGAIN: Duration = Duration::from_millis(50);

/// What becomes of new calls.
pub(crate) enum Drain {
    /// They are refused with UNAVAILABLE and the reason SHUTTING_DOWN.
    Refuses,
    /// They end otherwise, long after the signal: so.
    Serves(String),
    /// The connection or the process was gone first.
    Gone,
}

/// Asks until new calls are refused, or should have been.
pub(crate) async fn drain(session: &mut Session) -> Drain {
    let asked = Instant::now();
    while session.exited().is_none() {
        // Told before the call: one that was under way by then may be served.
        let is_late = asked.elapsed() > NOTICED;
        let end: CallEnd<api::CheckHealthResponse> =
            session.call(CHECK_HEALTH, api::CheckHealthRequest {}).await;
        let seen = match end {
            CallEnd::Refused(status) => {
                let reason = reason(&status);
                let reason = reason.as_deref();
                if status.code() == Code::Unavailable && reason == Some("SHUTTING_DOWN") {
                    return Drain::Refuses;
                }
                let code = code_name(status.code());
                format!("{code} with the reason {}", reason.unwrap_or("none"))
            }
            CallEnd::Answer(_) | CallEnd::TooLarge(_) => "an answer".to_owned(),
            CallEnd::Broken(_) | CallEnd::Died(_) | CallEnd::Silent(_) => return Drain::Gone,
        };
        if is_late {
            return Drain::Serves(seen);
        }
        tokio::time::sleep(AGAIN).await;
    }
    Drain::Gone
}
